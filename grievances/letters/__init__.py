"""Letters about one case: what they say (`assignment`, `supervision`, `reply`), for whom (`kinds`), from what
(`reading`). Drawn by `linjiang.common.letter_word` and `templates/letters/`."""

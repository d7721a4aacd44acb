"""From which of a person's posts the pages start; rights stay those of all of them."""

from django.http import HttpRequest

from orgs.models import Post

SESSION_KEY = "starting_post"


def start_from_chosen(request: HttpRequest) -> Post | None:
    """Put the post chosen in this session first among the person's posts and return it; None where none is chosen.

    Places, the unit a report is filed for and the first page take the first post that fits. A post that has ended is
    no longer among them, so what was chosen then means nothing.
    """
    user = request.user
    session = getattr(request, "session", None)
    chosen = session.get(SESSION_KEY) if session is not None and user.is_authenticated else None
    if chosen is None:
        return None
    found = next((post for post in user.current_posts if post.pk == chosen), None)
    if found is not None and user.current_posts[0] is not found:
        user.current_posts = (found, *(post for post in user.current_posts if post is not found))
    return found

"""What the browser tests share."""


def complaints_of(page) -> list[str]:
    """Return a list that fills with the errors of the page: refused by the policy, missing, broken scripts.

    Remarks of the browser itself, such as on a slow network, are no fault of the page and depend on the machine.
    """
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints

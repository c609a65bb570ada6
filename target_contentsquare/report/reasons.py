"""What each reason means, in a sentence for people who are no engineers."""

from __future__ import annotations

_SENTENCES = {
    "session_too_old": "The session began too long ago. Contentsquare takes data for 7 "
    "days after a session began.",
    "no_enrichment_fields": "The row has a session, and no data for it.",
    "deleted": "The row was deleted at its source. Nothing can be deleted at "
    "Contentsquare.",
    "no_number_left": "The session has three enrichments already, which is the most "
    "that it can have.",
    "superseded": "Newer data was delivered for the same session since this row was "
    "rejected.",
    "missing_user_id": "The row does not say which visitor it is about.",
    "invalid_user_id": "The visitor's id can't be one that Contentsquare gave: it is a "
    "word such as null, or a spreadsheet has changed it.",
    "invalid_session_number": "The number of the session is not a whole number above "
    "0.",
    "invalid_session_key": "The key of the session is not a user id, a dot and a "
    "number.",
    "invalid_session_started_at": "The start of the session has another form than "
    "2026-11-24 20:02.",
    "invalid_enrichment_number": "A session has the enrichments 1, 2 and 3, and "
    "the row is for another number.",
    "invalid_project_id": "The Contentsquare project that the row names does not "
    "exist, or the credentials don't cover it.",
    "missing_field": "A value is missing, and the integration schema says that it must "
    "be there.",
    "wrong_type": "The value is not what the integration schema says, such as a word "
    "where a number should be.",
    "string_too_long": "The text is longer than the 50 bytes that Contentsquare takes. "
    "A letter with an accent has 2 bytes.",
    "int_out_of_range": "The whole number is above 2,147,483,647 or below "
    "-2,147,483,648.",
    "float_out_of_range": "The number is too large, or it is not a number (NaN).",
    "invalid_datetime": "The time has another form than 2026-11-24 20:02.",
    "invalid_record": "The row can't be read, or does not fit the description of its "
    "stream.",
    "rejected_by_api": "Contentsquare refused the row and did not say why. The "
    "registered integration schema may have other fields or types.",
}


def sentence_for(reason: str) -> str:
    """Return what a reason means; an empty text for one that is not known."""
    return _SENTENCES.get(reason, "")

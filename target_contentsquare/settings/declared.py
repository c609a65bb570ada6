"""Every setting that the core knows, declared once: all else follows from here.

The JSON schema, the defaults, and the pages and plugin files that `make generate`
writes are made from these declarations. A host adds the settings of its own.
"""

from __future__ import annotations

from target_contentsquare.mapping.session_age import MAX_SESSION_AGE_DAYS
from target_contentsquare.settings.mapping_keys import MAPPING_KEYS
from target_contentsquare.settings.setting import Setting

#: The credentials at the top, which are not always needed.
CREDENTIALS = ("client_id", "client_secret")

_PROJECT_CREDENTIALS = Setting(
    "project",
    ("object",),
    title="Credentials of a project",
    description="OAuth credentials of one project",
    keys=(
        Setting(
            "client_id",
            ("string",),
            title="Client ID",
            description="OAuth client id of the project",
            is_required=True,
            is_secret=True,
        ),
        Setting(
            "client_secret",
            ("string",),
            title="Client secret",
            description="OAuth client secret of the project",
            is_required=True,
            is_secret=True,
        ),
        Setting(
            "integration_id",
            ("integer", "string"),
            title="Integration ID",
            description="Integration of the project, sent in the token request",
        ),
    ),
)

SETTINGS = (
    Setting(
        "client_id",
        ("string",),
        title="Client ID",
        description="OAuth client id from the Contentsquare console. Not "
        "needed for a dry run, or where credentials has all",
        is_required=True,
        is_secret=True,
    ),
    Setting(
        "client_secret",
        ("string",),
        title="Client secret",
        description="OAuth client secret from the Contentsquare console; it expires "
        "after a year. Not needed for a dry run, or where credentials has all",
        is_required=True,
        is_secret=True,
    ),
    Setting(
        "credentials",
        ("object",),
        title="Credentials by project",
        description="For projects with credentials of their own: project id -> "
        "client_id, client_secret and, if need be, integration_id",
        is_secret=True,
        entry=_PROJECT_CREDENTIALS,
    ),
    Setting(
        "integration_id",
        ("integer", "string"),
        title="Integration ID",
        description="Sent in the token request when set, unless a stream or the "
        "project's credentials say otherwise",
    ),
    Setting(
        "project_id",
        ("integer",),
        title="Project ID",
        description="Contentsquare project, unless a stream says otherwise. Needed "
        "with account-level credentials; project-level ones know theirs",
        minimum=1,
    ),
    Setting(
        "integration_version",
        ("integer",),
        title="Integration version",
        description="Version of the integration schema registered with Contentsquare, "
        "unless a stream says otherwise",
        default=1,
        minimum=1,
    ),
    Setting(
        "integration_schema",
        ("object", "string"),
        title="Integration schema",
        description="The schema registered with Contentsquare, or the path of a JSON "
        "file with it: rows are checked and converted against it before anything is "
        "sent",
    ),
    Setting(
        "streams",
        ("object",),
        title="Streams",
        description="Stream name or glob -> how its rows become enrichments. An exact "
        "name wins, then the first glob in order. Streams without a mapping are "
        "skipped",
        is_required=True,
        entry=Setting(
            "mapping",
            ("object",),
            title="Mapping",
            description="How the rows of a stream become enrichments",
            keys=MAPPING_KEYS,
        ),
    ),
    Setting(
        "max_session_age_days",
        ("number",),
        title="Maximum session age",
        description="Rows of sessions that started more days ago are dropped: "
        "Contentsquare would silently throw them away after 7",
        default=MAX_SESSION_AGE_DAYS,
        above=0,
        maximum=MAX_SESSION_AGE_DAYS,
    ),
    Setting(
        "batch_size_rows",
        ("integer",),
        title="Batch size",
        description="Rows in one request, 1 to 200",
        default=200,
        minimum=1,
        maximum=200,  # the API takes no more in a batch
    ),
    Setting(
        "max_parallel_requests",
        ("integer",),
        title="Parallel requests",
        description="Requests in flight at the same time, 1 to 64. Rows of the same "
        "enrichment never overtake each other",
        default=8,
        minimum=1,
        maximum=64,
    ),
    Setting(
        "max_requests_per_second",
        ("number",),
        title="Requests per second",
        description="An upper limit for those who know theirs, 0.001 to 10000. How "
        "many are sent is otherwise learnt from the answers",
        minimum=0.001,
        maximum=10_000,
    ),
    Setting(
        "truncate_strings",
        ("boolean",),
        title="Truncate strings",
        description="Cut strings over 50 bytes between two characters, instead of "
        "rejecting their rows",
        default=False,
    ),
    Setting(
        "rejected_path",
        ("string",),
        title="Rejected rows",
        description="File that undeliverable rows are appended to, as Singer messages "
        "that can be fed in again. Without it, the first such row fails the run",
    ),
    Setting(
        "max_rejected",
        ("integer", "string"),
        title="Maximum of rejected rows",
        description="More undeliverable rows than this fail the run: a count at once, "
        'or a share such as "5%" of the rows that were not skipped, in the end',
        default=1000,
        minimum=0,
    ),
    Setting(
        "min_delivered",
        ("integer",),
        title="Minimum of delivered rows",
        description="Fewer rows delivered or unchanged than this: exit code 1 in the "
        "end, after the state",
        default=0,
        minimum=0,
    ),
    Setting(
        "max_retry_seconds",
        ("number",),
        title="Retry time",
        description="How long Contentsquare may be away before the run is given up: "
        "seconds since an answer last showed that it works, at most a week",
        default=300,
        minimum=0,
        maximum=7 * 24 * 3600,  # no session can be enriched after that time
    ),
    Setting(
        "request_timeout_seconds",
        ("number",),
        title="Request timeout",
        description="For how many seconds one attempt waits for the connection, and "
        "for the answer, at most an hour",
        default=30,
        above=0,
        maximum=3600,
    ),
    Setting(
        "memory_path",
        ("string",),
        title="Memory",
        description="File (SQLite) that remembers what was delivered, so that a row is "
        "sent only if it is new or has changed. For one run at a time",
    ),
    Setting(
        "retry_rejected",
        ("boolean",),
        title="Retry rejected rows",
        description="Try the rows of rejected_path again before the input, unless "
        "something newer was delivered meanwhile. Needs memory_path",
        default=False,
    ),
    Setting(
        "report_path",
        ("string",),
        title="Report",
        description="Where a report of the run is written: JSON, or a page to look at "
        "if the name ends in .html",
    ),
    Setting(
        "dry_run",
        ("boolean",),
        title="Dry run",
        description="Do everything but talk to Contentsquare: no credentials needed, "
        "no state printed, no file written, a sample enrichment per stream shown. Rows "
        "that can't be delivered are counted",
        default=False,
    ),
    Setting(
        "auth_url",
        ("string",),
        title="Authentication URL",
        description="Where to sign in; to be changed for a sandbox only",
        default="https://api.contentsquare.com/v1/oauth/token",
    ),
    Setting(
        "oauth_scope",
        ("string",),
        title="OAuth scope",
        description="Scope to ask a token for",
        default="enrichment",
    ),
)

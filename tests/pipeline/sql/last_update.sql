select to_char(
    max(updated_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'
)
from analytics.call_enrichments;

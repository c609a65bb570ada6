select count(*)
from analytics.call_enrichments
where updated_at <= :'moment'::timestamptz;

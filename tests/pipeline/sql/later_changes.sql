-- What the next dbt run does: :new more calls, and other values in every 300th row,
-- sessions that are too old by now among them.
with added as (
    select
        i,
        :'now'::timestamptz - interval '2 hours' + interval '1 second' * i as updated_at
    from generate_series(1, :new) as i
)
insert into analytics.call_enrichments (
    call_id, user_id, session_number, session_started_at, has_called, call_duration,
    updated_at
)
select
    md5(:'seed' || '/new/' || i)::uuid,
    'new-visitor-' || i,
    1,
    updated_at - interval '1 minute',
    true,
    i,
    updated_at
from added;

with chosen as (
    select
        call_id,
        row_number() over (order by updated_at) as place
    from analytics.call_enrichments
    where user_id like 'visitor-%'
)
update analytics.call_enrichments as calls
set
    basket_value = 4321.09,
    client_rating = null,
    agent = '{"team": {"name": "Changed", "size": 1}}',
    updated_at = :'now'::timestamptz - interval '1 hour'
        + interval '1 millisecond' * chosen.place
from chosen
where chosen.call_id = calls.call_id and chosen.place % 300 = 0;

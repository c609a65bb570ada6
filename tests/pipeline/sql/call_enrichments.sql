-- The table as a dbt model would leave it: one row per telephone call that a visitor
-- made, over the ten days before :now, 100,000 of them. The same :seed makes the same
-- rows. Some sessions have two calls, the later one of which has to win; some rows hold
-- nothing to send; no session starts within two hours of the seven-day line, so that
-- how long a run takes decides nothing.
create schema if not exists analytics;
drop table if exists analytics.call_enrichments;

-- So that the function below can see it.
set pipeline.seed = :seed;

create function pg_temp.chance(i bigint, what int) returns float8
language sql immutable as $$
    select (hashint8extended(i * 100 + what, current_setting('pipeline.seed')::bigint)
        & 1048575) / 1048576.0
$$;

create table analytics.call_enrichments as
with numbered as (
    select
        i,
        case when i % 50 = 0 then i - 7 when i % 1000 = 25 then i - 500 else i end
            as session,
        :'now'::timestamptz - interval '3 hours'
        - interval '10 days' * (1 - i::float8 / :rows) as updated_at
    from generate_series(1, :rows) as i
),
placed as (
    select
        *,
        :'now'::timestamptz - interval '3 hours'
        - interval '10 days' * (1 - session::float8 / :rows)
        - interval '1 hour' * pg_temp.chance(session, 1) as started_at
    from numbered
)
select
    md5(:'seed' || '/' || i)::uuid as call_id,
    'visitor-' || session / 3 as user_id,
    (1 + session % 3)::int as session_number,
    case
        when started_at between :'now'::timestamptz - interval '7 days 2 hours'
        and :'now'::timestamptz - interval '6 days 22 hours'
            then started_at + interval '4 hours'
        else started_at
    end as session_started_at,
    case when silent then null else pg_temp.chance(i, 2) < 0.5 end as has_called,
    case when silent or pg_temp.chance(i, 3) < 0.2 then null
        else (pg_temp.chance(i, 4) * 7200)::bigint end as call_duration,
    case when silent or pg_temp.chance(i, 5) < 0.3 then null
        else (pg_temp.chance(i, 6) * 5)::numeric(3, 1) end as client_rating,
    case when silent then null
        else (pg_temp.chance(i, 7) * 20000 - 1000)::numeric(12, 2) end as basket_value,
    case when silent then null
        else (array['RENNES', 'Saint-Étienne', 'Köln', '大阪', null, 'O''Fallon "B"'])
            [1 + (pg_temp.chance(i, 8) * 6)::int % 6] end as call_center,
    case when silent then null
        else updated_at - interval '1 second' * pg_temp.chance(i, 9) end as called_at,
    case when silent or pg_temp.chance(i, 10) < 0.5 then null
        else date '2026-01-01' + (pg_temp.chance(i, 11) * 900)::int end
        as contract_until,
    case when silent or pg_temp.chance(i, 12) < 0.4 then null
        else md5(:'seed' || '/ticket/' || i)::uuid end as ticket,
    case when silent then null
        else 9007199254740000 + (pg_temp.chance(i, 13) * 1000000)::bigint end
        as customer_number,
    case
        when silent or pg_temp.chance(i, 14) < 0.2 then null
        when pg_temp.chance(i, 14) < 0.3 then '{}'::jsonb
        else jsonb_build_object(
            'languages', jsonb_build_array('fr', 'en'),
            'team', jsonb_build_object(
                'name', 'Team ' || (pg_temp.chance(i, 15) * 40)::int,
                'size', (pg_temp.chance(i, 16) * 30)::int
            )
        )
    end as agent,
    updated_at
from placed, lateral (select i % 997 = 0 as silent) as quiet;

alter table analytics.call_enrichments add primary key (call_id);
alter table analytics.call_enrichments alter column user_id set not null;
alter table analytics.call_enrichments alter column session_number set not null;
alter table analytics.call_enrichments alter column updated_at set not null;
create unique index on analytics.call_enrichments (updated_at);

-- What Contentsquare should hold: of each session that is not too old, the row that was
-- changed last, its values in the words of Contentsquare's field types. One JSON
-- document per line.
with sent as (
    select
        user_id,
        session_number,
        updated_at,
        jsonb_strip_nulls(jsonb_build_object(
            'has_called', has_called,
            'call_duration', call_duration,
            'client_rating', client_rating::float8,
            'basket_value', basket_value::float8,
            'call_center', call_center,
            'called_at',
            to_char(called_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'contract_until', to_char(contract_until, 'YYYY-MM-DD"T"00:00:00"Z"'),
            'ticket', ticket::text,
            'customer_number', customer_number::text,
            'agent_team', agent #>> '{team,name}',
            'agent_team_size', (agent #>> '{team,size}')::int
        )) as fields
    from analytics.call_enrichments
    where
        session_started_at >= :'now'::timestamptz - interval '7 days'
        and updated_at between :'since'::timestamptz and :'until'::timestamptz
)
select jsonb_build_array(user_id, session_number, fields)
from (
    select distinct on (user_id, session_number) *
    from sent
    where fields <> '{}'
    order by user_id, session_number, updated_at desc
) as latest;

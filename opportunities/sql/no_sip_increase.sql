-- Clients with SIPs that run well and have not grown for ``min_months`` full calendar months. Where the start of one of
-- these SIPs is not known, nobody can say how long ago the client last added: the client is left out.
-- ``steady`` goes over the book once with the cheapest sums there are; all else is worked out for its clients only.
WITH rises AS MATERIALIZED (
    SELECT change.sip_id, max(change.seen_on) AS last_rise_on, count(*) AS seen
    FROM opportunities_sipamountchange change
    WHERE change.firm_id = %(firm_id)s AND change.new_amount > change.old_amount
      AND change.seen_on <= %(as_of)s::date
    GROUP BY change.sip_id
),
steady AS MATERIALIZED (
    SELECT sip.client_id, greatest(max(sip.start_date), max(rises.last_rise_on)) AS since
    FROM opportunities_sip sip
    LEFT JOIN rises ON rises.sip_id = sip.id
    WHERE sip.firm_id = %(firm_id)s AND NOT sip.deleted AND sip.is_active AND sip.status = 'Success'
      AND sip.latest_success_on >= %(as_of)s::date - %(success_within_days)s {scope}
    GROUP BY sip.client_id
    HAVING count(*) = count(sip.start_date)
       AND greatest(max(sip.start_date), max(rises.last_rise_on)) + make_interval(months => %(min_months)s)
           <= %(as_of)s::date
),
chosen AS (
    SELECT sip.id,
           sip.client_id,
           steady.since,
           sip.is_active,
           sip.monthly_amount,
           sip.success_amount,
           sip.failed_amount,
           sip.latest_success_on,
           sip.start_date,
           rises.last_rise_on,
           coalesce(rises.seen, 0) AS rises_seen,
           (sip.is_active AND sip.status = 'Success' AND sip.latest_success_on >= %(as_of)s::date - %(success_within_days)s) IS TRUE AS runs,
           CASE WHEN sip.increment_percentage > 0 THEN sip.monthly_amount * sip.increment_percentage / 100
                WHEN sip.increment_amount > 0 THEN sip.increment_amount * sip.num_days
                ELSE sip.monthly_amount * %(default_step_up)s / 100 END AS step_up,
           CASE WHEN coalesce(sip.increment_percentage, 0) <= 0 AND coalesce(sip.increment_amount, 0) <= 0 THEN 0
                WHEN sip.increment_period = '6M' THEN opportunities_full_months(sip.start_date, %(as_of)s::date) / 6
                WHEN sip.increment_period = '1Y' THEN opportunities_full_months(sip.start_date, %(as_of)s::date) / 12
                ELSE 0 END AS step_ups_due
    FROM steady
    JOIN opportunities_sip sip ON sip.client_id = steady.client_id
    LEFT JOIN rises ON rises.sip_id = sip.id
    WHERE sip.firm_id = %(firm_id)s AND NOT sip.deleted
),
sums AS (
    SELECT client_id,
           min(since) AS since,
           opportunities_full_months(min(since), %(as_of)s::date) AS months,
           coalesce(sum(monthly_amount) FILTER (WHERE is_active), 0) AS current_sip_amount,
           sum(success_amount) AS total_invested,
           sum(failed_amount) AS failed_amount,
           max(latest_success_on) AS last_activity_on,
           count(*) FILTER (WHERE runs) AS sips,
           sum(monthly_amount) FILTER (WHERE runs) AS monthly_amount,
           max(start_date) FILTER (WHERE runs) AS newest_start,
           max(last_rise_on) FILTER (WHERE runs) AS last_rise_on,
           sum(step_up) FILTER (WHERE runs) AS step_up,
           sum(step_ups_due) FILTER (WHERE runs) AS due,
           sum(greatest(step_ups_due - rises_seen, 0)) FILTER (WHERE runs) AS missed
    FROM chosen
    GROUP BY client_id
),
found AS (
    SELECT client_id,
           current_sip_amount,
           step_up AS potential_inflow,
           total_invested,
           failed_amount,
           last_activity_on,
           least(10, months / 6.0) AS risk,
           'The SIPs have not grown for ' || months || ' months (since '
               || to_char(since, 'FMDD Mon YYYY') || '). A step-up would take '
               || opportunities_rupees(monthly_amount) || ' a month to '
               || opportunities_rupees(monthly_amount + step_up) || ' (+' || opportunities_rupees(step_up) || '). '
               || CASE WHEN due = 0 THEN 'No registered step-up has fallen due.'
                       ELSE missed || ' of ' || due || ' registered step-ups did not happen.' END AS description,
           jsonb_build_object(
               'months', months,
               'since', since,
               'newest_start_date', newest_start,
               'last_rise_on', last_rise_on,
               'sips', sips,
               'monthly_amount', monthly_amount::text,
               'step_up_amount', round(step_up, 2)::text,
               'step_ups_due', due,
               'step_ups_missed', missed,
               'parameters', %(parameters)s::jsonb
           ) AS facts
    FROM sums
)

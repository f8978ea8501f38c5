-- Clients with SIPs that run well and have not grown for ``min_months`` full calendar months. ``chosen`` are those SIPs.
-- Where the start of one of them is not known, nobody can say how long ago the client last added: the client is left out.
WITH chosen AS (
    SELECT sip.id,
           sip.client_id,
           sip.monthly_amount,
           sip.start_date,
           rises.last_rise_on,
           coalesce(rises.seen, 0) AS rises_seen,
           CASE WHEN sip.increment_percentage > 0 THEN sip.monthly_amount * sip.increment_percentage / 100
                WHEN sip.increment_amount > 0 THEN sip.increment_amount * sip.num_days
                ELSE sip.monthly_amount * %(default_step_up)s / 100 END AS step_up,
           CASE WHEN coalesce(sip.increment_percentage, 0) <= 0 AND coalesce(sip.increment_amount, 0) <= 0 THEN 0
                WHEN sip.increment_period = '6M' THEN opportunities_full_months(sip.start_date, %(as_of)s::date) / 6
                WHEN sip.increment_period = '1Y' THEN opportunities_full_months(sip.start_date, %(as_of)s::date) / 12
                ELSE 0 END AS step_ups_due
    FROM opportunities_sip sip
    LEFT JOIN (
        SELECT change.sip_id, max(change.seen_on) AS last_rise_on, count(*) AS seen
        FROM opportunities_sipamountchange change
        WHERE change.firm_id = %(firm_id)s AND change.new_amount > change.old_amount
          AND change.seen_on <= %(as_of)s::date
        GROUP BY change.sip_id
    ) AS rises ON rises.sip_id = sip.id
    WHERE sip.firm_id = %(firm_id)s AND NOT sip.deleted AND sip.is_active AND sip.status = 'Success'
      AND sip.latest_success_on BETWEEN %(as_of)s::date - %(success_within_days)s AND %(as_of)s::date {scope}
),
running AS (
    SELECT client_id,
           count(*) AS sips,
           sum(monthly_amount) AS monthly_amount,
           max(start_date) AS newest_start,
           max(last_rise_on) AS last_rise_on,
           greatest(max(start_date), max(last_rise_on)) AS since,
           sum(step_up) AS step_up,
           sum(step_ups_due) AS due,
           sum(greatest(step_ups_due - rises_seen, 0)) AS missed
    FROM chosen
    GROUP BY client_id
    HAVING count(*) = count(start_date)
),
reason AS (
    SELECT running.*, opportunities_full_months(since, %(as_of)s::date) AS months
    FROM running
    WHERE opportunities_full_months(since, %(as_of)s::date) >= %(min_months)s
),
{book},
found AS (
    SELECT book.client_id,
           book.current_sip_amount,
           reason.step_up AS potential_inflow,
           book.total_invested,
           book.failed_amount,
           book.last_activity_on,
           least(10, reason.months / 6.0) AS risk,
           format(
               'The SIPs have not grown for %%s months (since %%s). A step-up would take %%s a month to %%s (+%%s). %%s',
               reason.months,
               to_char(reason.since, 'FMDD Mon YYYY'),
               opportunities_rupees(reason.monthly_amount),
               opportunities_rupees(reason.monthly_amount + reason.step_up),
               opportunities_rupees(reason.step_up),
               CASE WHEN reason.due = 0 THEN 'No registered step-up has fallen due.'
                    ELSE format('%%s of %%s registered step-ups did not happen.', reason.missed, reason.due) END
           ) AS description,
           jsonb_build_object(
               'months', reason.months,
               'since', reason.since,
               'newest_start_date', reason.newest_start,
               'last_rise_on', reason.last_rise_on,
               'sips', reason.sips,
               'monthly_amount', reason.monthly_amount::text,
               'step_up_amount', round(reason.step_up, 2)::text,
               'step_ups_due', reason.due,
               'step_ups_missed', reason.missed,
               'parameters', %(parameters)s::jsonb
           ) AS facts
    FROM reason JOIN book USING (client_id)
)

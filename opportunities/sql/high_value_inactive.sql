-- Clients who invested at least ``min_invested_amount`` and of whose SIPs none has succeeded for ``min_inactive_days``.
-- A client without any success has no such day and is not in it.
WITH reason AS (
    SELECT sip.client_id,
           sum(sip.success_amount) AS invested,
           max(sip.latest_success_on) AS last_success_on
    FROM opportunities_sip sip
    WHERE sip.firm_id = %(firm_id)s AND NOT sip.deleted {scope}
    GROUP BY sip.client_id
    HAVING sum(sip.success_amount) >= %(min_invested_amount)s
       AND %(as_of)s::date - max(sip.latest_success_on) >= %(min_inactive_days)s
),
{book},
found AS (
    SELECT book.client_id,
           book.current_sip_amount,
           book.current_sip_amount * %(potential_percent)s / 100 AS potential_inflow,
           book.total_invested,
           book.failed_amount,
           book.last_activity_on,
           least(10, (%(as_of)s::date - book.last_activity_on) / 30.0) AS risk,
           format(
               'No instalment has succeeded for %%s days (last on %%s). Invested so far: %%s. %%s',
               %(as_of)s::date - book.last_activity_on,
               to_char(book.last_activity_on, 'FMDD Mon YYYY'),
               opportunities_rupees(book.total_invested),
               CASE WHEN book.current_sip_amount > 0
                    THEN format('Active SIPs: %%s a month.', opportunities_rupees(book.current_sip_amount))
                    ELSE 'No SIP is active.' END
           ) AS description,
           jsonb_build_object(
               'invested_amount', reason.invested::text,
               'last_success_on', reason.last_success_on,
               'inactive_days', %(as_of)s::date - reason.last_success_on,
               'active_monthly_amount', book.current_sip_amount::text,
               'parameters', %(parameters)s::jsonb
           ) AS facts
    FROM reason JOIN book USING (client_id)
)

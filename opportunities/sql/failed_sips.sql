-- Clients whose failed instalments add up to ``min_failed_amount``. The rate is over the SIPs that failed: a SIP that
-- never failed must not hide the trouble of another.
WITH reason AS (
    SELECT sip.client_id,
           count(*) AS failed_sips,
           sum(sip.failed_amount) AS failed,
           sum(sip.failed_amount + sip.success_amount) AS presented,
           sum(sip.failed_amount) / sum(sip.failed_amount + sip.success_amount) AS failure_rate,
           count(*) FILTER (WHERE sip.has_current_mandate IS FALSE) AS without_mandate,
           string_agg(DISTINCT nullif(sip.status, ''), ', ') AS statuses
    FROM opportunities_sip sip
    WHERE sip.firm_id = %(firm_id)s AND NOT sip.deleted AND sip.failed_amount > 0 {scope}
    GROUP BY sip.client_id
    HAVING sum(sip.failed_amount) >= %(min_failed_amount)s
),
{book},
found AS (
    SELECT book.client_id,
           book.current_sip_amount,
           reason.failed AS potential_inflow,
           book.total_invested,
           book.failed_amount,
           book.last_activity_on,
           least(10, 10 * reason.failure_rate) AS risk,
           format(
               'Failed amount: %%s of %%s presented (%%s %%%% failure rate) in %%s %%s. Status: %%s.%%s',
               opportunities_rupees(reason.failed),
               opportunities_rupees(reason.presented),
               trim_scale(round(100 * reason.failure_rate, 1)),
               reason.failed_sips,
               CASE WHEN reason.failed_sips = 1 THEN 'SIP' ELSE 'SIPs' END,
               coalesce(reason.statuses, 'not given'),
               CASE WHEN reason.without_mandate > 0
                    THEN format(' Without a mandate: %%s. Renew the mandate.', reason.without_mandate)
                    ELSE ' Ask about the balance and the mandate.' END
           ) AS description,
           jsonb_build_object(
               'failed_sips', reason.failed_sips,
               'failed_amount', reason.failed::text,
               'presented_amount', reason.presented::text,
               'failure_rate', round(reason.failure_rate, 6)::text,
               'without_mandate', reason.without_mandate,
               'parameters', %(parameters)s::jsonb
           ) AS facts
    FROM reason JOIN book USING (client_id)
)

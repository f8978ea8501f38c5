-- All counted SIPs of the clients in ``reason``: the sums every opportunity shows.
book AS (
    SELECT sip.client_id,
           coalesce(sum(sip.monthly_amount) FILTER (WHERE sip.is_active), 0) AS current_sip_amount,
           sum(sip.success_amount) AS total_invested,
           sum(sip.failed_amount) AS failed_amount,
           max(sip.latest_success_on) AS last_activity_on
    FROM reason
    JOIN opportunities_sip sip ON sip.client_id = reason.client_id
    WHERE sip.firm_id = %(firm_id)s AND NOT sip.deleted
    GROUP BY sip.client_id
)

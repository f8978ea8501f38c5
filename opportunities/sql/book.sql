-- All counted SIPs of the clients in ``reason``: the sums every opportunity shows, and the evidence.
book AS (
    SELECT sip.client_id,
           coalesce(sum(sip.monthly_amount) FILTER (WHERE sip.is_active), 0) AS current_sip_amount,
           sum(sip.success_amount) AS total_invested,
           sum(sip.failed_amount) AS failed_amount,
           max(sip.latest_success_on) AS last_activity_on,
           jsonb_agg(
               jsonb_build_object(
                   'sip_id', sip.id,
                   'sip_meta_id', sip.sip_meta_id,
                   'schemes', to_jsonb(sip.scheme_names),
                   'counted', {counted},
                   'amount', sip.amount::text,
                   'monthly_amount', sip.monthly_amount::text,
                   'status', sip.status,
                   'is_active', sip.is_active,
                   'start_date', sip.start_date,
                   'latest_success_on', sip.latest_success_on,
                   'success_amount', sip.success_amount::text,
                   'failed_amount', sip.failed_amount::text,
                   'increment_percentage', trim_scale(sip.increment_percentage)::text,
                   'increment_amount', sip.increment_amount::text,
                   'increment_period', sip.increment_period,
                   'has_current_mandate', sip.has_current_mandate
               ) {extra}
               ORDER BY sip.id
           ) AS evidence
    FROM reason
    JOIN opportunities_sip sip ON sip.client_id = reason.client_id
    {joined}
    WHERE sip.firm_id = %(firm_id)s AND NOT sip.deleted
    GROUP BY sip.client_id
)

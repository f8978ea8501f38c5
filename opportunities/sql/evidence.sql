-- What each finding rests on: all counted SIPs of its client, each as it stood. Worked out last and only for the
-- findings that are asked for: it costs more than finding them.
SELECT finding.client_id,
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
FROM finding
JOIN opportunities_sip sip ON sip.client_id = finding.client_id
{joined}
WHERE sip.firm_id = %(firm_id)s AND NOT sip.deleted
GROUP BY finding.client_id

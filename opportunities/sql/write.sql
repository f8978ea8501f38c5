-- Book what was found, and close what is no longer there, in one statement: both sides look at the same moment.
-- What people decided stays; an opportunity that comes back after it was won, lost or dismissed is new again.
, finding AS ({finding}),
proof AS ({evidence}),
written AS (
    INSERT INTO opportunities_opportunity AS held (
        firm_id, client_id, advisor_id, opportunity_type, as_of, description, current_sip_amount, potential_inflow,
        inflow_basis, total_invested, failed_amount, last_activity_on, days_since_activity, risk_score, facts, evidence,
        detected_on, times_opened, status, dismiss_reason
    )
    SELECT %(firm_id)s, client_id, advisor_id, %(opportunity_type)s, %(as_of)s, description, current_sip_amount,
           potential_inflow, %(inflow_basis)s, total_invested, failed_amount, last_activity_on, days_since_activity,
           risk_score, facts, evidence, %(as_of)s, 1, 'new', ''
    FROM finding JOIN proof USING (client_id)
    ORDER BY client_id
    ON CONFLICT (firm_id, client_id, opportunity_type) DO UPDATE SET
        advisor_id = excluded.advisor_id,
        as_of = excluded.as_of,
        description = excluded.description,
        current_sip_amount = excluded.current_sip_amount,
        potential_inflow = excluded.potential_inflow,
        inflow_basis = excluded.inflow_basis,
        total_invested = excluded.total_invested,
        failed_amount = excluded.failed_amount,
        last_activity_on = excluded.last_activity_on,
        days_since_activity = excluded.days_since_activity,
        risk_score = excluded.risk_score,
        facts = excluded.facts,
        evidence = excluded.evidence,
        detected_on = CASE WHEN held.closed_on IS NULL THEN held.detected_on ELSE excluded.detected_on END,
        times_opened = held.times_opened + (held.closed_on IS NOT NULL)::integer,
        status = CASE WHEN held.closed_on IS NOT NULL AND held.status IN ('won', 'lost', 'dismissed')
                      THEN 'new' ELSE held.status END,
        dismiss_reason = CASE WHEN held.closed_on IS NOT NULL THEN '' ELSE held.dismiss_reason END,
        closed_on = NULL
    WHERE held.closed_on IS NOT NULL
       OR (held.as_of, held.advisor_id, held.description, held.current_sip_amount, held.potential_inflow,
           held.total_invested, held.failed_amount, held.last_activity_on, held.days_since_activity,
           held.risk_score, held.facts, held.evidence)
          IS DISTINCT FROM
          (excluded.as_of, excluded.advisor_id, excluded.description, excluded.current_sip_amount,
           excluded.potential_inflow, excluded.total_invested, excluded.failed_amount, excluded.last_activity_on,
           excluded.days_since_activity, excluded.risk_score, excluded.facts, excluded.evidence)
    RETURNING old.id IS NULL AS opened, old.closed_on IS NOT NULL AS reopened
),
closed AS (
    UPDATE opportunities_opportunity held
    SET closed_on = %(as_of)s
    WHERE held.firm_id = %(firm_id)s AND held.opportunity_type = %(opportunity_type)s AND held.closed_on IS NULL
      AND held.client_id BETWEEN %(first_client)s AND %(last_client)s
      AND NOT EXISTS (SELECT FROM finding WHERE finding.client_id = held.client_id)
    RETURNING held.id
)
SELECT (SELECT count(*) FROM finding),
       (SELECT count(*) FROM written WHERE opened),
       (SELECT count(*) FROM written WHERE reopened),
       (SELECT count(*) FROM written WHERE NOT opened AND NOT reopened),
       (SELECT count(*) FROM closed)

-- A description is written by the statement that finds the opportunity, so that a stored one and one worked out for
-- other thresholds read the same. Both functions mean what wealthhub.money.rupees and
-- wealthhub.dates.full_months_between mean; tests hold them together. One expression each, so that the planner writes
-- them into the statement: a call per row would cost more than the detector.

-- 1234567.5 as ₹12,34,567.50 and 5500 as ₹5,500: paise only where there are some. Not for amounts below zero.
CREATE FUNCTION opportunities_rupees(amount numeric) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '₹' || replace(to_char(amount, 'FM99,99,99,99,99,99,99,990.00'), '.00', '')
$$;

-- Completed calendar months: the largest n with since + n months <= as_of. Month ends count: 31 January to
-- 28 February is 1. Below zero where since lies after as_of.
CREATE FUNCTION opportunities_full_months(since date, as_of date) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ((date_part('year', as_of) - date_part('year', since)) * 12
            + date_part('month', as_of) - date_part('month', since))::integer
        - (since + make_interval(months => ((date_part('year', as_of) - date_part('year', since)) * 12
            + date_part('month', as_of) - date_part('month', since))::integer) > as_of)::integer
$$;

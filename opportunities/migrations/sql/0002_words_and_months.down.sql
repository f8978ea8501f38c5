DROP FUNCTION opportunities_full_months(date, date);
DROP FUNCTION opportunities_rupees(numeric);

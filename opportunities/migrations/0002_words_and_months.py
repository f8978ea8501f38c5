"""Rupees in words of an Indian reader, and full calendar months, for the statements of the detectors."""

from django.db import migrations

from wealthhub.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0001_initial")]

    operations = [sql_file(__file__, "0002_words_and_months")]

"""Audits that trust needs: item texts that try to be recommended, who is shown, and whom a model serves well."""

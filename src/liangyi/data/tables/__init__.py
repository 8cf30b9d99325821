"""Tables: documents to be ranked, users and what they chose."""

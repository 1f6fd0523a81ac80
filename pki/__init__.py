"""Keys, certificates, trust."""

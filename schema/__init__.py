"""The GraphQL surface: thin types and resolvers that call ``hub``."""

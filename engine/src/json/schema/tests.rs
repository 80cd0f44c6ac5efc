//! The keywords a tool's schema uses, the policy, and jsonschema on a tree as the oracle.

"""REST: thin DRF views over the services and selectors, one envelope for every refusal."""

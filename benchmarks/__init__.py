"""What is measured beside the tests: how fast, how large, how close to the published study."""

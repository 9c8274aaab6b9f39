"""What is found in a course: each module one theme, `searches` all rules, `watch` what is kept of them."""

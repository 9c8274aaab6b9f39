"""The Django project: people and roles, pages and the server that shows them."""

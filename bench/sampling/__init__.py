"""What reading a sample of X costs in detection: the plan at several budgets, beside all and nothing read."""

"""What a method reaches on studies with truth: metrics, tables, figures, one page."""

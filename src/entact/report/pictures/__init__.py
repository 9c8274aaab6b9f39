"""Pictures that stand for themselves: charts of the open model, and the schedule of a study."""

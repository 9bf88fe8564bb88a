"""Works: what is built of an activity, shown by reports and photos, and handed over to who keeps it."""

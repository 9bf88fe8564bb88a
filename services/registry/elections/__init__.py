"""Elections: from the RT ballots over the kelurahan meeting to a certified board."""

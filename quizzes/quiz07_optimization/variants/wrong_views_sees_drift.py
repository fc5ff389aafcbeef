"""Takes the drop from a leaky evaluation for a change of the world.

Loses: test_views
"""

# %% answer_views
answer_4 = "c"

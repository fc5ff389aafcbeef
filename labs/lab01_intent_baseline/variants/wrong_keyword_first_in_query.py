"""Lets the keyword that stands first in the query win, whatever the order of the rules.

Loses: test_keyword_hidden
"""


# %% solution_keyword
def keyword_intent(query, rules):
    found = [(query.index(keyword), intent) for keyword, intent in rules if keyword in query]
    return min(found)[1] if found else "out_of_scope"

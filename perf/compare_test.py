#!/usr/bin/env python3
"""compare.py marks a change only where the rounds of two commits lie apart, and gives each its turn at going first."""
import unittest

from compare import compare, run_in_turns


class CompareTest(unittest.TestCase):
    def test_rounds_that_lie_apart_are_marked(self):
        self.assertEqual(compare([100, 110, 120], [50, 55, 60]), (110, 55, -0.5, "faster"))
        self.assertEqual(compare([50, 55, 60], [100, 110, 120]), (55, 110, 1.0, "slower"))

    def test_rounds_that_overlap_are_not(self):
        self.assertEqual(compare([100, 110, 120], [50, 55, 100])[3], "")
        self.assertEqual(compare([100, 110, 120], [120, 150, 160])[3], "")

    def test_each_goes_first_in_turn_and_what_only_one_has_is_left_out(self):
        order = []

        def taker(side, names):
            return lambda: order.append(side) or {name: [side] for name in names}

        taken = run_in_turns([taker("base", ["both", "old"]), taker("head", ["both", "new"])], 2)
        self.assertEqual(order, ["base", "head", "head", "base"])
        self.assertEqual(taken, {"both": (["base", "base"], ["head", "head"])})


if __name__ == "__main__":
    unittest.main()

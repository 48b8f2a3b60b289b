"""Homework: tasks that differ from student to student, and a judge that believes only numbers."""

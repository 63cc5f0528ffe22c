"""Gives every request of schemathesis a client address of its own."""

import itertools

import schemathesis

COUNTER = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(COUNTER)
    case.headers = case.headers or {}
    case.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

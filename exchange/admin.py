"""Adds a statement to each user's page in the Django admin.

The users' admin itself is that of accounts, which knows neither ledger nor markets.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from io import StringIO
from itertools import islice
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from redis.exceptions import RedisError
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.admin import UserAdmin
from accounts.models import User
from exchange.statements import Row, UserStatement, user_statement
from marketdata import listing
from matching.domain.errors import ExchangeError
from matching.domain.values import QUOTE_ASSET

MAX_SHOWN: Final = 500
"""Postings on the page; the file has all."""

FIGURES: Final = ("amount", "balance")
"""Columns that stand on the right, so that their digits meet."""


class DayWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]
    """The browser's own picker of a day."""

    input_type = "date"


class StatementForm(forms.Form):
    """Which days (UTC), each end open where it is left out, and which asset."""

    begin = forms.DateField(label="From", required=False, widget=DayWidget)
    end = forms.DateField(label="To, not included", required=False, widget=DayWidget)
    asset = forms.ChoiceField(label="Asset", required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assets = [QUOTE_ASSET, *(market.base for market in listing.all())]
        # The field gives its choices on to its widget.
        self.fields["asset"].choices = [("", "All"), *zip(assets, assets, strict=True)]  # type: ignore[attr-defined] # that of a choice

    def statement_of(self, user: User) -> UserStatement | None:
        """Return the statement that a filled form asks for; None, and an error, where it cannot."""
        if not self.is_valid():
            return None
        asked = self.cleaned_data
        try:
            return user_statement(
                user,
                begin=_midnight(asked["begin"]),
                end=_midnight(asked["end"]),
                asset=asked["asset"],
            )
        except (ExchangeError, RedisError) as problem:
            self.add_error(None, str(problem))
            return None


admin.site.unregister(User)


@admin.register(User)
class UserWithStatementAdmin(UserAdmin):
    """Users, as accounts shows them, and what became of their paper money."""

    actions_detail = ["statement"]

    @action(  # type: ignore[untyped-decorator] # unfold has no types
        description="Statement", url_path="statement", permissions=["view"], icon="receipt_long"
    )
    def statement(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Show a statement of the user, or hand out all of it as a file."""
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404
        form = StatementForm(request.GET)
        found = form.statement_of(user)
        if found and "csv" in request.GET:
            return _file(found)
        return TemplateResponse(
            request, "exchange/statement.html", self._context(request, form, user, found)
        )

    def _context(
        self, request: HttpRequest, form: StatementForm, user: User, found: UserStatement | None
    ) -> dict[str, Any]:
        query = request.GET.copy()
        query["csv"] = "1"
        context = self.admin_site.each_context(request) | {
            "title": f"Statement of {user.username}",
            "opts": self.opts,
            "original": user,
            "form": form,
            "file": f"?{query.urlencode()}",
        }
        if found is None:
            return context
        shown = islice(found.postings(), MAX_SHOWN)
        return context | {
            "found": found,
            "columns": Row._fields,
            "figures": FIGURES,
            "rows": [*found.opening(), *shown, *found.closing()],
            "shown": MAX_SHOWN,
            "hidden": max(0, found.statement.count - MAX_SHOWN),
        }


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


def _file(found: UserStatement) -> StreamingHttpResponse:
    """Return the statement as a file that is made while it is sent."""
    name = f"statement-{found.user.username}.csv"
    return StreamingHttpResponse(
        _lines(found),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _lines(found: UserStatement) -> Iterator[str]:
    line = StringIO()
    writer = csv.writer(line)
    for row in (Row._fields, *found.rows()):
        writer.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()

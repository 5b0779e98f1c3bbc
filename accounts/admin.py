"""Users and API keys in Django admin. Secrets and hashes are never shown; nothing is deleted."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm
from unfold.forms import UserChangeForm as UnfoldUserChangeForm
from unfold.forms import UserCreationForm as UnfoldUserCreationForm

from accounts.funds import opening_deposit_ensure
from accounts.models import ApiKey, User

admin.site.unregister(Group)


class UserCreationForm(UnfoldUserCreationForm):  # type: ignore[misc]
    class Meta(UnfoldUserCreationForm.Meta):  # type: ignore[misc]
        model = User


class UserChangeForm(UnfoldUserChangeForm):  # type: ignore[misc]
    class Meta(UnfoldUserChangeForm.Meta):  # type: ignore[misc]
        model = User


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """Users are deactivated rather than deleted: wallets and ledger refer to them."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "id", "email", "is_active", "is_staff", "date_joined", "funded"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["username", "email"]
    readonly_fields = ["date_joined", "last_login", "opening_deposit_confirmed_at"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["username", "email", "password"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("History", {"fields": ["date_joined", "last_login", "opening_deposit_confirmed_at"]}),
    ]

    @admin.display(boolean=True, description="Opening deposit")
    def funded(self, user: User) -> bool:
        return user.opening_deposit_confirmed_at is not None

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            # After the commit: money must not go to a user whose row is rolled back.
            transaction.on_commit(lambda: self._deposit(request, obj))

    def _deposit(self, request: HttpRequest, user: User) -> None:
        if not opening_deposit_ensure(user):
            self.message_user(
                request,
                "Matching did not confirm the opening deposit; it follows at the next log-in.",
                messages.WARNING,
            )


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]
    """Read-only but for revoking: users make their own keys, or `manage.py create_api_key` does."""

    list_display = [
        "id",
        "name",
        "user",
        "scopes",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]
    list_filter = ["revoked_at", "expires_at"]
    list_select_related = ["user"]
    search_fields = ["id", "name", "user__username"]
    exclude = ["secret_hash"]
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        return [field.name for field in self.opts.fields if field.name != "secret_hash"]

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        revoked = keys.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{revoked} keys revoked.")

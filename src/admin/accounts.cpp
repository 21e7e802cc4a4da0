#include "tributary/admin/accounts.hpp"

#include <vector>

#include "scanner.hpp"

namespace tributary::admin {
namespace {

constexpr std::string_view k_local_host = "localhost";

bool is_local(std::string_view client_host) {
  return client_host == k_local_host || client_host.starts_with("127.") || client_host == "::1";
}

/// How particular an account's host is about this client; 0: it does not fit.
int host_rank(std::string_view account_host, std::string_view client_host) {
  if (equal_ignoring_case(account_host, client_host)) return 3;
  // MySQL finds 'localhost' for a loopback address by name resolution; here no name is ever resolved.
  if (equal_ignoring_case(account_host, k_local_host) && is_local(client_host)) return 2;
  return account_host == "%" ? 1 : 0;
}

}  // namespace

std::optional<state::AccountRecord> match_account(std::span<const state::AccountRecord> accounts, std::string_view user,
                                                  std::string_view client_host) {
  const state::AccountRecord* best = nullptr;
  int best_rank = 0;
  for (const state::AccountRecord& account : accounts) {
    if (account.user != user) continue;
    const int rank = host_rank(account.host, client_host);
    if (rank <= best_rank) continue;
    best = &account;
    best_rank = rank;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::optional<state::AccountRecord> StoreAccounts::find(const std::string& user, const std::string& client_host) {
  const std::vector<state::AccountRecord> accounts = store_.accounts();
  return match_account(accounts, user, client_host);
}

}  // namespace tributary::admin

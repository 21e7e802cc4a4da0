#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tributary/state/store.hpp"

namespace tributary::admin {

/// Who may log in. Called from several threads; may block.
class AccountDirectory {
 public:
  virtual ~AccountDirectory() = default;
  /// The account that @p user uses from @p client_host (an address in text form, or "localhost" for the unix socket),
  /// or nullopt when there is none.
  virtual std::optional<state::AccountRecord> find(const std::string& user, const std::string& client_host) = 0;
};

/// The accounts of the store, which must outlive it.
class StoreAccounts final : public AccountDirectory {
 public:
  explicit StoreAccounts(state::Store& store) : store_(store) {}
  std::optional<state::AccountRecord> find(const std::string& user, const std::string& client_host) override;

 private:
  state::Store& store_;
};

/// The most particular of @p accounts that fits: the client's own address, then 'localhost' (the unix socket and
/// loopback addresses), then '%'. User names are compared byte by byte, host names without regard to case.
std::optional<state::AccountRecord> match_account(std::span<const state::AccountRecord> accounts, std::string_view user,
                                                  std::string_view client_host);

}  // namespace tributary::admin

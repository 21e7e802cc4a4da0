#include "tributary/daemon/data_directory.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <fmt/core.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <unistd.h>

#include "tributary/util/bytes.hpp"
#include "tributary/util/log.hpp"
#include "tributary/util/random.hpp"

namespace tributary::daemon {
namespace {

constexpr std::size_t k_password_length = 24;

std::string sha1(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("SHA-1 is not available in the installed OpenSSL");
  }
  return std::string(as_text(ByteView(digest.data(), length)));
}

std::string client_file(const std::string& user, const std::string& password, const ClientAddress& address) {
  std::string text = "# Written by tributaryd; the address is brought up to date at each start.\n[client]\n";
  text += fmt::format("user={}\npassword={}\nhost={}\nport={}\n", user, password, address.host, address.port);
  if (!address.socket.empty()) text += fmt::format("socket={}\n", address.socket);
  return text;
}

/// The value of "name=value" in @p text; '' when it is not there.
std::string value_of(std::string_view text, std::string_view name) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.size() > name.size() && line.substr(0, name.size()) == name && line[name.size()] == '=') {
      return std::string(line.substr(name.size() + 1));
    }
    at = end + 1;
  }
  return {};
}

}  // namespace

DataDirectory::DataDirectory(const std::filesystem::path& path) : path_(path) {
  if (!std::filesystem::exists(path_)) {
    if (path_.has_parent_path()) std::filesystem::create_directories(path_.parent_path());
    std::filesystem::create_directory(path_);
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }
  lock_ = File(path_ / "tributaryd.lock", File::Mode::create);
  if (::flock(lock_.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      throw std::system_error(errno, std::generic_category(), fmt::format("cannot lock {}", lock_.path().string()));
    }
    std::string owner = read_file(lock_.path(), 64);
    while (!owner.empty() && owner.back() == '\n') owner.pop_back();
    throw std::runtime_error(
        fmt::format("the data directory {} is in use by process {}; stop it, or choose another --datadir",
                    path_.string(), owner.empty() ? "(unknown)" : owner));
  }
  lock_.truncate(0);
  lock_.write_at(0, as_bytes(fmt::format("{}\n", ::getpid())));
}

void ensure_administrator(state::Store& store, const DataDirectory& directory, const ClientAddress& address) {
  const auto path = directory.client_file_path();
  const bool exists = std::filesystem::exists(path);
  if (store.accounts().empty() || (exists && std::filesystem::file_size(path) == 0)) {
    const std::string password = random_password(k_password_length);
    // The file first: an account whose password nobody has would lock the administrator out.
    replace_file(path, client_file("admin", password, address));
    store.save_account({"admin", "localhost", sha1(sha1(password))});
    log(LogLevel::info, "the administrator account 'admin'@'localhost' has a new password; it is in {}", path.string());
    return;
  }
  if (!exists) {
    log(LogLevel::warning,
        "{} was removed; who does not know the administrator's password makes an empty file of that name and starts "
        "again, for a new one",
        path.string());
    return;
  }
  const std::string current = read_file(path, 65536);
  const std::string user = value_of(current, "user");
  const std::string password = value_of(current, "password");
  if (user.empty() || password.empty()) return;
  std::string wanted = client_file(user, password, address);
  if (current != wanted) replace_file(path, wanted);
}

}  // namespace tributary::daemon

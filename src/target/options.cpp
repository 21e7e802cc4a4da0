#include <charconv>
#include <stdexcept>

#include <fmt/core.h>
#include <sys/un.h>

#include "tributary/target/target_server.hpp"

namespace tributary::target {
namespace {

constexpr std::string_view k_scheme = "mysql://";
constexpr std::string_view k_shape = "mysql://USER@HOST[:PORT][?ssl-ca=/PATH] or mysql://USER@localhost?socket=/PATH";

/// The URL itself is not repeated in messages: somebody may have put a password into it.
[[noreturn]] void refuse(const std::string& reason) {
  throw std::invalid_argument(fmt::format("target URL: {}; expected {}", reason, k_shape));
}

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::string decode_percent(std::string_view text, const char* what) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded.push_back(text[at]);
      continue;
    }
    const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
    if (high < 0 || low < 0) refuse(fmt::format("'%' in the {} is not followed by two hexadecimal digits", what));
    decoded.push_back(static_cast<char>(high * 16 + low));
    at += 2;
  }
  if (decoded.find('\0') != std::string::npos) refuse(fmt::format("the {} holds a zero byte", what));
  return decoded;
}

std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    refuse(fmt::format("'{}' is not a port number (1 to 65535)", text));
  }
  return port;
}

void parse_host_and_port(std::string_view text, TargetOptions& options) {
  std::string_view host = text;
  std::string_view after;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) refuse("the IPv6 address has no closing ']'");
    host = text.substr(1, close - 1);
    after = text.substr(close + 1);
    if (!after.empty() && !after.starts_with(':')) refuse("only ':PORT' may follow the IPv6 address");
    if (host.empty()) refuse("the IPv6 address is empty");
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    after = text.substr(colon);
    if (after.find(':', 1) != std::string_view::npos) refuse("an IPv6 address must stand in [ ]");
  }
  options.host = decode_percent(host, "host");
  if (!after.empty()) options.port = parse_port(after.substr(1));
}

void take_tls_file(std::string_view name, std::string_view value, TargetOptions& options) {
  std::string* const file = name == "ssl-ca"     ? &options.ssl_ca
                            : name == "ssl-cert" ? &options.ssl_cert
                            : name == "ssl-key"  ? &options.ssl_key
                                                 : nullptr;
  if (file == nullptr) refuse(fmt::format("unknown parameter '{}'", name));
  *file = decode_percent(value, "path of a file");
  if (!file->starts_with('/')) refuse(fmt::format("{} must be an absolute path", name));
}

void parse_parameters(std::string_view text, TargetOptions& options) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view parameter = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string_view name = parameter.substr(0, equals);
    if (name == "password") refuse("a password does not belong here, where the process list shows it");
    const std::string_view value = parameter.substr(std::min(equals + 1, parameter.size()));
    if (name.starts_with("ssl-")) {
      take_tls_file(name, value, options);
      continue;
    }
    if (name != "socket") {
      refuse(fmt::format("unknown parameter '{}' (there are 'socket', 'ssl-ca', 'ssl-cert' and 'ssl-key')", name));
    }
    options.socket = decode_percent(value, "socket");
    if (!options.socket.starts_with('/')) refuse("the socket must be an absolute path");
    if (options.socket.size() >= sizeof(sockaddr_un::sun_path)) {
      refuse(fmt::format("the socket's path is longer than {} bytes", sizeof(sockaddr_un::sun_path) - 1));
    }
  }
}

}  // namespace

TargetOptions TargetOptions::parse(std::string_view url) {
  if (!url.starts_with(k_scheme)) refuse(fmt::format("it does not begin with '{}'", k_scheme));
  std::string_view rest = url.substr(k_scheme.size());
  if (rest.find('#') != std::string_view::npos) refuse("'#' has no meaning here (write %23)");

  TargetOptions options;
  const std::size_t question = std::min(rest.find('?'), rest.size());
  const std::string_view parameters = rest.substr(std::min(question + 1, rest.size()));
  rest = rest.substr(0, question);

  const std::size_t at = rest.rfind('@');
  if (at == std::string_view::npos) refuse("the user is missing");
  const std::string_view user = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  if (user.find(':') != std::string_view::npos) {
    refuse("a password does not belong here, where the process list shows it");
  }
  options.user = decode_percent(user, "user");
  if (options.user.empty()) refuse("the user is missing");

  const std::size_t slash = std::min(rest.find('/'), rest.size());
  if (rest.size() - slash > 1) refuse("it names a database, but changes go to the databases that the sources name");
  rest = rest.substr(0, slash);

  parse_host_and_port(rest, options);
  parse_parameters(parameters, options);
  if (options.ssl_ca.empty() && !(options.ssl_cert.empty() && options.ssl_key.empty())) {
    refuse("ssl-cert and ssl-key need ssl-ca, by which the target is known");
  }
  if (!options.ssl_ca.empty() && !options.socket.empty()) refuse("a socket on this host has no TLS");
  if (options.socket.empty()) {
    if (options.host.empty()) refuse("the host is missing");
  } else if (!options.host.empty() && options.host != "localhost") {
    refuse("a socket is on this host: write localhost before '?socket='");
  }
  return options;
}

std::string TargetOptions::address() const {
  if (!socket.empty()) return socket;
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

}  // namespace tributary::target

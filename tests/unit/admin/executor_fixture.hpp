#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tributary/admin/executor.hpp"
#include "tributary/util/error.hpp"

namespace tributary::admin {

/// An executor over real channels in a directory of its own, without a target: it only receives.
class ExecutorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tributary-executor-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    store_ = std::make_unique<state::Store>(directory_ / "state.db");
    channel::ChannelDefaults defaults;
    defaults.datadir = directory_;
    defaults.relay_log_basename = "host-relay-bin";
    defaults.server_id = 77;
    defaults.report_host = "reporter";
    channels_ = std::make_unique<channel::ChannelSet>(defaults, *store_);
    AdminContext context;
    context.server_version = "8.0.99-test";
    context.version_comment = "Tributary test";
    context.max_allowed_packet = 65536;
    context.shutdown = [this] { ++shutdowns_; };
    executor_ = std::make_unique<Executor>(*channels_, sessions_, std::move(context));
    session_.user = "root";
    session_.client_host = "127.0.0.1";
    session_.account_host = "%";
    session_.connection_id = 5;
  }
  void TearDown() override {
    executor_.reset();
    channels_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  wire::StatementResult run(std::string_view sql) { return executor_->execute(sql, session_, stop_.get_token()); }

  wire::ResultSet table(std::string_view sql) {
    auto result = run(sql);
    if (auto* set = std::get_if<wire::ResultSet>(&result)) return std::move(*set);
    ADD_FAILURE() << sql << " gave no rows";
    return {};
  }

  /// Rows as text: cells with '|' between them, lines with '\n'.
  std::string rows(std::string_view sql) {
    std::string text;
    for (const auto& row : table(sql).rows) {
      if (!text.empty()) text += '\n';
      for (std::size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : "|") + row[i].value_or("NULL");
    }
    return text;
  }

  /// "" for a statement that succeeds, else "number message".
  std::string error(std::string_view sql) {
    try {
      run(sql);
      return "";
    } catch (const Error& failure) {
      return std::to_string(failure.code()) + " " + failure.what();
    }
  }
  std::string code(std::string_view sql) {
    const std::string text = error(sql);
    return text.substr(0, text.find(' '));
  }

  /// What the last statement left: "level code" of each, with ',' between them.
  [[nodiscard]] std::string warnings() const {
    std::string text;
    for (const wire::Warning& warning : session_.warnings) {
      text += (text.empty() ? "" : ",") + warning.level + " " + std::to_string(warning.code);
    }
    return text;
  }

  std::filesystem::path directory_;
  std::unique_ptr<state::Store> store_;
  std::unique_ptr<channel::ChannelSet> channels_;
  SessionRegistry sessions_;
  std::unique_ptr<Executor> executor_;
  wire::SessionState session_;
  std::stop_source stop_;
  int shutdowns_ = 0;
};

}  // namespace tributary::admin

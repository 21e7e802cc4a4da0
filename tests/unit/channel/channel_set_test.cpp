#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tributary/channel/channel.hpp"
#include "tributary/util/error.hpp"

namespace tributary::channel {
namespace {

class ChannelSetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tributary-channel-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    store_ = std::make_unique<state::Store>(directory_ / "state.db");
    open();
  }
  void TearDown() override {
    channels_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  void open() {
    channels_.reset();
    ChannelDefaults defaults;
    defaults.datadir = directory_;
    defaults.relay_log_basename = "host-relay-bin";
    channels_ = std::make_unique<ChannelSet>(defaults, *store_);
  }
  static std::uint16_t code_of(const std::function<void()>& action) {
    try {
      action();
      return 0;
    } catch (const Error& error) {
      return error.code();
    }
  }

  std::filesystem::path directory_;
  std::unique_ptr<state::Store> store_;
  std::unique_ptr<ChannelSet> channels_;
};

TEST_F(ChannelSetTest, keepsConfigurationAcrossARestart) {
  ChannelChange change;
  change.host = "127.0.0.1";
  change.port = 3333;
  change.user = "repl";
  change.password = "secret";
  change.log_file = "bin.000007";
  change.log_pos = 1234;
  change.connect_retry = 5;
  channels_->find_or_create("Shard1")->change(change);
  open();
  const auto channel = channels_->find("sHARD1");
  ASSERT_NE(channel, nullptr);
  EXPECT_EQ(channel->name(), "Shard1");
  const auto config = channel->status().config;
  EXPECT_EQ(config.host, "127.0.0.1");
  EXPECT_EQ(config.port, 3333);
  EXPECT_EQ(config.user, "repl");
  EXPECT_EQ(config.password, "secret");
  EXPECT_EQ(config.log_file, "bin.000007");
  EXPECT_EQ(config.log_pos, 1234U);
  EXPECT_EQ(config.connect_retry, 5U);
}

TEST_F(ChannelSetTest, newHostForgetsTheOldCoordinates) {
  const auto channel = channels_->find_or_create("a");
  ChannelChange change;
  change.host = "one";
  change.log_file = "bin.000007";
  change.log_pos = 99;
  channel->change(change);
  ChannelChange moved;
  moved.host = "two";
  channel->change(moved);
  EXPECT_EQ(channel->status().config.log_file, "");
  EXPECT_EQ(channel->status().config.log_pos, 4U);
  ChannelChange password_only;
  password_only.password = "new";
  channel->change(password_only);
  EXPECT_EQ(channel->status().config.host, "two");
}

TEST_F(ChannelSetTest, limitsTheNumberOfChannels) {
  for (std::size_t i = 0; i < ChannelSet::k_max_channels; ++i) channels_->find_or_create("c" + std::to_string(i));
  EXPECT_EQ(code_of([&] { channels_->find_or_create("one too many"); }), 3080);
  channels_->remove("c7");
  EXPECT_EQ(code_of([&] { channels_->find_or_create("fits again"); }), 0);
}

TEST_F(ChannelSetTest, aRemovedChannelIsGoneAndItsSuccessorIsAnother) {
  const auto old = channels_->find_or_create("x");
  const std::string uuid = old->status().config.uuid;
  channels_->remove("x");
  EXPECT_EQ(channels_->find("x"), nullptr);
  EXPECT_EQ(code_of([&] { channels_->remove("x"); }), 3074);
  EXPECT_EQ(code_of([&] { old->start({}); }), 3074);
  EXPECT_NE(channels_->find_or_create("x")->status().config.uuid, uuid);
}

TEST_F(ChannelSetTest, startNeedsAHostAndAnApplierNeedsATarget) {
  const auto channel = channels_->find_or_create("x");
  EXPECT_EQ(code_of([&] { channel->start({}); }), 1200);
  ChannelChange change;
  change.host = "127.0.0.1";
  change.port = 1;  // nothing listens there
  channel->change(change);
  EXPECT_EQ(code_of([&] { channel->start({.io = false, .sql = true}); }), 1794);
  const Notes notes = channel->start({});
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes.front().code, 1794);
  EXPECT_NE(channel->status().receiver.state, source::ReceiverState::stopped);
  EXPECT_EQ(code_of([&] { channel->change(change); }), 3081);
  EXPECT_EQ(code_of([&] { channel->reset(); }), 3081);
  EXPECT_EQ(code_of([&] { channels_->remove("x"); }), 3081);
  channel->stop({});
  EXPECT_EQ(channel->status().receiver.state, source::ReceiverState::stopped);
  EXPECT_EQ(channel->stop({}).at(0).code, 3084);
}

TEST_F(ChannelSetTest, aRelayLogThatCannotBeOpenedCanBeGivenUp) {
  ChannelChange change;
  change.host = "127.0.0.1";
  change.port = 1;
  channels_->find_or_create("x")->change(change);
  ChannelChange coordinates;
  coordinates.log_file = "bin.000007";
  coordinates.log_pos = 4;
  const auto actions = std::vector<std::function<void(Channel&)>>{
      [](Channel& channel) { channel.reset(); }, [&](Channel& channel) { channel.change(coordinates); }};
  std::uint64_t number = 1;
  for (const auto& action : actions) {
    number += 5;
    const std::filesystem::path damaged = directory_ / fmt::format("host-relay-bin-x.{:06}", number);
    std::ofstream(damaged) << "no binary log file";
    open();
    const auto channel = channels_->find("x");
    EXPECT_EQ(code_of([&] { channel->start({}); }), 1872);
    EXPECT_EQ(code_of([&] { action(*channel); }), 0);
    EXPECT_FALSE(std::filesystem::exists(damaged));
    EXPECT_EQ(code_of([&] { channel->start({.io = true, .sql = false}); }), 0);
    channel->stop({});
    EXPECT_GT(channel->status().config.start_file_number, number) << "numbers never come back";
  }
}

}  // namespace
}  // namespace tributary::channel

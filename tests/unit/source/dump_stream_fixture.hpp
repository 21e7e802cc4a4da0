#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "dump_stream.hpp"
#include "receive_error.hpp"
#include "relay_directory_fixture.hpp"
#include "stream_events.hpp"

namespace tributary::source {

/// A stream of a MariaDB source's events into a relay log of channel 'shop'.
class DumpStreamTest : public ::testing::Test {
 protected:
  DumpStreamTest() {
    probe_.answers.server_id = 11;
    probe_.mariadb = true;
    probe_.checksum = ChecksumAlgorithm::crc32;
    stream_.emplace(relay_.log(), "channel 'shop'");
    stream_->begin(probe_, {});
  }
  void send(const Bytes& event) { stream_->on_event(event); }
  /// A connection that asks for the place where receiving goes on.
  void reconnect() {
    DumpStart start;
    start.file = relay_.log().received_end().source_file_name;
    start.position = stream_->inside_transaction() ? relay_.log().write_end() : relay_.log().received_end().offset;
    stream_->begin(probe_, start);
  }
  /// A first connection that asks for @p position of a file.
  void ask(std::uint64_t position, bool read_from_start = false) {
    DumpStart start;
    start.file = "bin.000001";
    start.position = position;
    start.read_from_start = read_from_start;
    stream_->begin(probe_, start);
  }
  /// A new receiver on the log as a restart finds it.
  void restart() {
    stream_.reset();
    relay_.reopen();
    stream_.emplace(relay_.log(), "channel 'shop'");
    reconnect();
  }
  void send_transaction(FileBuilder& file, std::uint64_t seq_no) {
    send(file.gtid(0, seq_no));
    send(file.rows());
    send(file.xid());
  }
  /// Sends @p event, which must end receiving; @return the message.
  std::string refused(const Bytes& event) {
    try {
      send(event);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), error_code::k_corrupt_event);
      return error.what();
    }
    ADD_FAILURE() << "the event was accepted";
    return "";
  }

  /// The error of a made-up ROTATE, 0: it is taken.
  std::uint16_t missing_file(const Bytes& event) {
    try {
      send(event);
    } catch (const ReceiveError& error) {
      EXPECT_EQ(error.remedy(), Remedy::give_up);
      EXPECT_NE(std::string(error.what()).find("CHANGE REPLICATION SOURCE"), std::string::npos);
      return error.code();
    }
    return 0;
  }

  RelayDirectoryFixture relay_;
  SourceProbe probe_;
  std::optional<DumpStream> stream_;
};

}  // namespace tributary::source

#include "tributary/util/crc32.hpp"

#include "dump_stream_fixture.hpp"

namespace tributary::source {
namespace {

class DumpStreamDamageTest : public DumpStreamTest {};

TEST_F(DumpStreamDamageTest, refusesToLeaveOutAnythingByFileAndPosition) {
  for (const std::uint64_t left_out : {std::uint64_t{500}, std::uint64_t{1} << 30}) {
    relay_.log().remove_all();
    stream_.emplace(relay_.log(), "channel 'shop'");
    stream_->begin(probe_, {});
    FileBuilder file;
    send(made_up_rotate("bin.000001", 4));
    send(file.format());
    send_transaction(file, 1);
    file.skip(left_out);
    const std::string told = refused(file.gtid(0, 2));
    EXPECT_NE(told.find("leaves out " + std::to_string(left_out) + " bytes"), std::string::npos) << told;
  }
}

TEST_F(DumpStreamDamageTest, endsWhenPositionsContradictTheCount) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  send(file.format());
  send_transaction(file, 1);
  const std::string backwards = refused(make_event(EventType::xid, file.offset() - 10, Bytes(8)));
  EXPECT_NE(backwards.find(std::to_string(file.offset() - 10)), std::string::npos) << backwards;
  EXPECT_NE(backwards.find("bin.000001"), std::string::npos);
  send(file.gtid(0, 2));
  file.skip(100);
  refused(file.rows());
  stream_->start_over();
  relay_.log().flush();
  EXPECT_EQ(relay_.log().write_end(), relay_.log().received_end().offset);
}

TEST_F(DumpStreamDamageTest, asksForTheEventAgainWhenItsChecksumDoesNotMatch) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  send(file.format());
  Bytes damaged = file.gtid(0, 1);
  damaged[25] ^= 1U;
  try {
    send(damaged);
    FAIL() << "a damaged event was stored";
  } catch (const ReceiveError& error) {
    EXPECT_EQ(error.code(), 1743);
    EXPECT_EQ(error.remedy(), Remedy::reconnect);
  }
}

TEST_F(DumpStreamDamageTest, asksForTheEventAgainWhereverTheDamageIs) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  send(file.format());
  const Bytes event = file.gtid(0, 1);
  for (std::size_t at = 0; at < event.size(); ++at) {
    if (at >= 9 && at < 13 && event[at] == 0) continue;  // more bytes than 19 at any rate
    Bytes damaged = event;
    damaged[at] ^= 0x0fU;  // of the type: also what may not come now
    try {
      send(damaged);
      ADD_FAILURE() << "an event with damage at byte " << at << " was stored";
    } catch (const ReceiveError& error) {
      EXPECT_EQ(error.code(), 1743) << "byte " << at;
    }
  }
  send(event);
}

TEST_F(DumpStreamDamageTest, refusesAPlaceThatWasNotAskedFor) {
  ask(500);
  refused(made_up_rotate("bin.000001", 4));
  refused(made_up_rotate("bin.000001", std::uint64_t{1} << 62));
  const std::string told = refused(made_up_rotate("bin.000001", 501));
  EXPECT_NE(told.find("501 where 500 was asked for"), std::string::npos) << told;
}

TEST_F(DumpStreamDamageTest, refusesWhatMayNotComeNow) {
  FileBuilder file;
  refused(file.format());
  refused(heartbeat("bin.000001", 4));
  send(made_up_rotate("bin.000001", 4));
  FileBuilder again;
  const Bytes format = again.format();
  refused(again.gtid(0, 1));
  send(format);
  refused(format);
}

TEST_F(DumpStreamDamageTest, refusesNamesThatAreNoFileNames) {
  for (const std::string name : {"", "../etc/passwd", "a\nb", "a\tb"}) refused(made_up_rotate(name, 4));
  refused(made_up_rotate(std::string(512, 'a'), 4));
  refused(made_up_rotate("bin.000001", 3));
}

TEST_F(DumpStreamDamageTest, refusesTruncatedAndLyingEvents) {
  FileBuilder file;
  send(made_up_rotate("bin.000001", 4));
  send(file.format());
  refused(Bytes(18));
  // With a checksum that fits, so that it is no damage on the way.
  Bytes lying = make_event(EventType::xid, 0, Bytes(8));
  lying.resize(lying.size() - 4);
  lying[9] ^= 1U;
  ByteWriter checksum;
  checksum.u32(crc32(lying));
  lying.insert(lying.end(), checksum.view().begin(), checksum.view().end());
  refused(lying);
}

}  // namespace
}  // namespace tributary::source

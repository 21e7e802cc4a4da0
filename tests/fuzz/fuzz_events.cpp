// A stream of events: what prints and follows it decodes all of every event.

#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/tools/event_listing.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  std::size_t printed = 0;
  tools::EventListing listing(true, [&](std::string_view text) { printed += text.size(); });
  tools::EventListing passing(false, {});
  binlog::TransactionBoundary boundary;
  std::uint64_t offset = binlog::k_first_event_offset;
  fuzz::for_each_event({data, size}, [&](const binlog::EventView& event, const binlog::FormatDescription& description) {
    passing.skip(event, description);
    fuzz::allow_error([&] { listing.print(event, description, offset); });
    fuzz::require(printed > 0);
    offset += event.raw().size();
    static_cast<void>(event.checksum_matches());
    boundary.feed(event, description);
  });
  return 0;
}

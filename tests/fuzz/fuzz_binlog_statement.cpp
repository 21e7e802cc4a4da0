// A stream of events through the builder of BINLOG statements.

#include "tributary/binlog/binlog_statement.hpp"
#include "tributary/binlog/rows_event.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  binlog::BinlogStatementBuilder builder(binlog::FormatDescription::mariadb("10.11.6-MariaDB"), 1);
  std::size_t number = 0;
  fuzz::for_each_event({data, size}, [&](const binlog::EventView& event, const binlog::FormatDescription& description) {
    if (++number % 16 == 0) static_cast<void>(builder.take());
    if (event.type() == binlog::EventType::table_map) {
      builder.add_table_map(event, description);
    } else if (binlog::is_rows_event(event.type())) {
      const std::size_t before = builder.row_events();
      builder.add_rows(event, description);
      fuzz::require(builder.row_events() <= before + 1);
    }
  });
  for (const std::string& statement : builder.take()) fuzz::require(statement.starts_with("BINLOG '"));
  builder.clear();
  fuzz::require(builder.row_events() == 0);
  return 0;
}

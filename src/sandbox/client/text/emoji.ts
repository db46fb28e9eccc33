/** Slack's short names of the emoji that a bot for incidents and its people use. Others stay readable as `:name:`. */
const TABLE = `
rotating_light🚨 fire🔥 boom💥 warning⚠️ white_check_mark✅ heavy_check_mark✔️ x❌ no_entry⛔ no_entry_sign🚫 octagonal_sign🛑
stop_sign🛑 red_circle🔴 large_red_circle🔴 orange_circle🟠 large_orange_circle🟠 large_yellow_circle🟡 yellow_circle🟡
large_green_circle🟢 green_circle🟢 large_blue_circle🔵 blue_circle🔵 large_purple_circle🟣 purple_circle🟣 white_circle⚪
black_circle⚫ red_square🟥 large_red_square🟥 large_orange_square🟧 large_yellow_square🟨 large_green_square🟩
large_blue_square🟦 white_square_button🔳 black_square_button🔲 ballot_box_with_check☑️ white_large_square⬜
black_large_square⬛ hourglass⌛ hourglass_flowing_sand⏳ stopwatch⏱️ timer_clock⏲️ alarm_clock⏰
watch⌚ bell🔔 no_bell🔕 loudspeaker📢 mega📣 pager📟 telephone☎️ phone☎️ telephone_receiver📞 iphone📱 speech_balloon💬
eyes👀 wave👋 +1👍 thumbsup👍 -1👎 thumbsdown👎 ok_hand👌 raised_hands🙌 clap👏 pray🙏 muscle💪 point_right👉 point_left👈
point_up☝️ point_down👇 raised_hand✋ hand✋ handshake🤝 tada🎉 rocket🚀 sparkles✨ star⭐ zap⚡ bulb💡 hammer🔨
hammer_and_wrench🛠️ wrench🔧 gear⚙️ nut_and_bolt🔩 toolbox🧰 adhesive_bandage🩹 stethoscope🩺 fire_engine🚒 ambulance🚑
helmet_with_white_cross⛑️ shield🛡️ lock🔒 unlock🔓 key🔑 closed_lock_with_key🔐 mag🔍 mag_right🔎 microscope🔬 telescope🔭
bar_chart📊 chart_with_upwards_trend📈 chart_with_downwards_trend📉 clipboard📋 memo📝 pencil📝 page_facing_up📄
page_with_curl📃 newspaper📰 book📖 books📚 notebook📓 ledger📒 bookmark🔖 label🏷️ paperclip📎 link🔗 pushpin📌
round_pushpin📍 triangular_flag_on_post🚩 checkered_flag🏁 date📅 calendar📆 spiral_calendar_pad🗓️ card_index_dividers🗂️
file_folder📁 open_file_folder📂 package📦 inbox_tray📥 outbox_tray📤 mailbox📫 email📧 envelope✉️ computer💻
desktop_computer🖥️ keyboard⌨️ floppy_disk💾 cd💿 electric_plug🔌 battery🔋 satellite📡 satellite_antenna📡
globe_with_meridians🌐 earth_africa🌍 cloud☁️ house🏠 office🏢 hospital🏥 bank🏦 factory🏭 truck🚚 whale🐳 elephant🐘
turtle🐢 snail🐌 bug🐛 robot_face🤖 ghost👻 skull💀 skull_and_crossbones☠️ bust_in_silhouette👤 busts_in_silhouette👥
male-firefighter👨‍🚒 firefighter🧑‍🚒 technologist🧑‍💻 sleuth_or_spy🕵️ cop👮 construction🚧 vertical_traffic_light🚦
traffic_light🚥 recycle♻️ repeat🔁 arrows_counterclockwise🔄 arrows_clockwise🔃 leftwards_arrow_with_hook↩️
arrow_right_hook↪️ arrow_right➡️ arrow_left⬅️ arrow_up⬆️ arrow_down⬇️ arrow_upper_right↗️ arrow_lower_right↘️
arrow_heading_up⤴️ arrow_heading_down⤵️ fast_forward⏩ rewind⏪ arrow_forward▶️ black_right_pointing_triangle▶️
double_vertical_bar⏸️ pause_button⏸️ black_square_for_stop⏹️ black_circle_for_record⏺️ play_or_pause_button⏯️
heavy_plus_sign➕ heavy_minus_sign➖ heavy_multiplication_x✖️ question❓ grey_question❔ exclamation❗ grey_exclamation❕
interrobang⁉️ bangbang‼️ information_source ℹ️ i-information ℹ️ sos🆘 new🆕 ok🆗 up🆙 cool🆒 free🆓 100💯 dart🎯
trophy🏆 medal🏅 crown👑 gem💎 gift🎁 coffee☕ pizza🍕 beer🍺 cake🍰 seedling🌱 evergreen_tree🌲 herb🌿
four_leaf_clover🍀 sunny☀️ partly_sunny⛅ rain_cloud🌧️ snowflake❄️ umbrella☔ rainbow🌈 thermometer🌡️ droplet💧 ocean🌊
heart❤️ green_heart💚 blue_heart💙 yellow_heart💛 broken_heart💔 smile😄 smiley😃 grinning😀 slightly_smiling_face🙂
simple_smile🙂 wink😉 joy😂 thinking_face🤔 sweat_smile😅 cry😢 sob😭 scream😱 sleeping😴 zzz💤 sunglasses😎 nerd_face🤓
facepalm🤦 shrug🤷 man-shrugging🤷‍♂️ woman-shrugging🤷‍♀️ see_no_evil🙈 hear_no_evil🙉 speak_no_evil🙊 face_palm🤦
exploding_head🤯 melting_face🫠 saluting_face🫡 partying_face🥳 one1️⃣ two2️⃣ three3️⃣ four4️⃣ five5️⃣ six6️⃣ seven7️⃣
eight8️⃣ nine9️⃣ zero0️⃣ keycap_ten🔟 hash#️⃣ test_tube🧪 dna🧬 magnet🧲 compass🧭 anchor⚓ ship🚢 airplane✈️ bomb💣 wastebasket🗑️
scales⚖️ balance_scale⚖️ receipt🧾 moneybag💰 money_with_wings💸 credit_card💳 ticket🎫 game_die🎲 performing_arts🎭
art🎨 camera📷 movie_camera🎥 headphones🎧 microphone🎤 musical_note🎵 sparkler🎇 fireworks🎆 crystal_ball🔮 ladder🪜
`;

let cache: ReadonlyMap<string, string> | null = null;

function table(): ReadonlyMap<string, string> {
  // A name that ends in a digit would swallow the keycaps of the table, so these three stand alone.
  cache ??= new Map([
    ['star2', '🌟'],
    ['pencil2', '✏️'],
    ['clock1', '🕐'],
    ...[...TABLE.matchAll(/([a-z0-9_+-]*[a-z_]|100|\+1|-1) ?(\S*[^\x00-\x7f]\S*)/g)].map(
      ([, name = '', glyph = '']): [string, string] => [name, glyph],
    ),
  ]);
  return cache;
}

/** The character of a short name without colons, or null when this page does not know it. */
export function emojiOf(name: string): string | null {
  return table().get(name) ?? null;
}

/** Names for the reaction picker, the usual ones first. */
export const PICKER_EMOJI: readonly string[] = [
  'white_check_mark',
  'eyes',
  'raised_hands',
  '+1',
  '-1',
  'tada',
  'fire',
  'rotating_light',
  'warning',
  'pray',
  'heart',
  'joy',
  'thinking_face',
  'rocket',
  'hourglass_flowing_sand',
  'x',
  'wave',
  'clap',
  'saluting_face',
  'coffee',
];

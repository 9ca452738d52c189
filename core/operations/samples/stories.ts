/** One kind of request, with what customer and desk write about it: in two strands, of which the last subject belongs to the second. */
export interface Story {
  readonly locale: 'en' | 'tr';
  readonly tag: string;
  readonly subjects: readonly [string, string, string];
  readonly opening: readonly [string, ...string[]];
  readonly answer: readonly [string, ...string[]];
  readonly thanks: readonly [string, ...string[]];
}

/** A small shop for lamps and furniture, with customers in English and Turkish. `{n}` is an order number. */
export const stories: readonly [Story, ...Story[]] = [
  {
    locale: 'en',
    tag: 'shipping',
    subjects: ['Where is my order {n}?', 'Tracking for {n} does not move', 'Order {n} has not arrived'],
    opening: [
      'Hello,\n\nI ordered a floor lamp last week (order {n}) and the tracking page has said "in transit" for four days. Could you find out where it is?\n\nThank you',
      'Hi, order {n} was promised for Monday. Nobody rang the bell and there is no card in the letterbox.',
    ],
    answer: [
      'Hello,\n\nthank you for writing. The carrier had the wrong house number on the label. It is corrected, and your parcel for order {n} comes tomorrow between 9 and 12.\n\nKind regards',
      'Hi,\n\nyour parcel is held at the depot. I asked them to try again on the next working day; you will get a text message in the morning.',
    ],
    thanks: ['It came today, thank you!', 'Great, that was quick. Thanks.'],
  },
  {
    locale: 'en',
    tag: 'billing',
    subjects: ['Invoice for order {n}', 'VAT number missing on the invoice', 'Charged twice for {n}?'],
    opening: [
      'Good morning,\n\ncould you send the invoice for order {n} with our VAT number on it? Our accountant cannot book it otherwise.',
      'I see two charges for order {n} on my card statement. Please check.',
    ],
    answer: [
      'Good morning,\n\nthe corrected invoice is attached. Please tell us if anything else is missing.',
      'Hello,\n\none of the two charges was only reserved and has been released. Your bank shows it for up to three days.',
    ],
    thanks: ['Perfect, thank you.', 'The second charge is gone now, thanks for checking.'],
  },
  {
    locale: 'en',
    tag: 'returns',
    subjects: ['Return of order {n}', 'Wrong colour delivered ({n})', 'The glass shade is cracked'],
    opening: [
      'Hi,\n\nI received the lamp in brass, but I ordered black (order {n}). How do I send it back?',
      'The shade of the lamp from order {n} has a crack from top to bottom. I attach a photo. Can I have a new one?',
    ],
    answer: [
      'Hello,\n\nI am sorry about the mix-up. A return label is on its way to you by mail, and the black one leaves our warehouse today.',
      'Hello,\n\nthank you for the photo. A new shade is on its way, you need not send the broken one back.',
    ],
    thanks: ['The new one looks lovely. Thank you!', 'Thank you, that solves it.'],
  },
  {
    locale: 'en',
    tag: 'product',
    subjects: ['Is the desk lamp dimmable?', 'Nova lamp with a wall dimmer', 'Assembly of the oak shelf'],
    opening: [
      'Hello, does the desk lamp Nova work with a wall dimmer? The product page does not say.',
      'One of the screws for the oak shelf does not fit the hole. Is there a second version of the manual?',
    ],
    answer: [
      'Hello,\n\nyes, with any dimmer for LED up to 100 W. We will add it to the product page.',
      'Hello,\n\nthe short screws go into the back panel, the long ones into the sides. The manual has the two swapped on page 3, sorry!',
    ],
    thanks: ['Good to know, I will order one.', 'That was it, thanks.'],
  },
  {
    locale: 'tr',
    tag: 'kargo',
    subjects: ['{n} numaralı siparişim nerede?', 'Kargom hâlâ gelmedi', 'Teslimat adresi değişikliği ({n})'],
    opening: [
      'Merhaba,\n\ngeçen hafta verdiğim {n} numaralı sipariş hâlâ elime ulaşmadı. Kargo takibinde dört gündür hareket yok. Yardımcı olur musunuz?',
      'İyi günler, {n} numaralı siparişimin adresini değiştirmem gerekiyor. İş yerime gönderebilir misiniz?',
    ],
    answer: [
      'Merhaba,\n\nkargo firmasıyla görüştük; paketiniz yarın 9 ile 12 arasında teslim edilecek. Gecikme için özür dileriz.',
      'Merhaba,\n\nadresinizi güncelledik. Kargo çıkış yaptığında size SMS gelecek.',
    ],
    thanks: ['Bugün geldi, çok teşekkürler!', 'Hızlı dönüşünüz için teşekkür ederim.'],
  },
  {
    locale: 'tr',
    tag: 'fatura',
    subjects: ['{n} numaralı siparişin faturası', 'Faturada vergi numarası eksik', 'İade tutarı hesabıma geçmedi'],
    opening: [
      'Merhaba, {n} numaralı siparişin faturasını şirketimiz adına düzenleyebilir misiniz? Vergi numaramız ekte.',
      'İade ettiğim ürünün ({n}) ücreti on gündür hesabıma geçmedi. Kontrol eder misiniz?',
    ],
    answer: [
      'Merhaba,\n\nfaturanızı düzelttik, ekte bulabilirsiniz.',
      'Merhaba,\n\niadeniz dün bankaya iletildi, üç iş günü içinde hesabınızda görünür.',
    ],
    thanks: ['Fatura elime ulaştı, teşekkürler.', 'Tamamdır, sağ olun.'],
  },
  {
    locale: 'tr',
    tag: 'ürün',
    subjects: ['Nova masa lambası kısılabilir mi?', 'Nova lamba ve duvar dimmeri', 'Abajurun camı çatlak geldi'],
    opening: [
      'Merhaba, Nova masa lambası duvar tipi dimmerle çalışıyor mu?',
      'Merhaba, {n} numaralı siparişteki abajurun camı çatlak çıktı. Fotoğrafı ekledim, değişim istiyorum.',
    ],
    answer: [
      'Merhaba,\n\nevet, 100 W’a kadar bütün LED dimmerlerle çalışıyor.',
      'Merhaba,\n\nfotoğraf için teşekkürler. Yeni camı bugün kargoya verdik, eskisini göndermenize gerek yok.',
    ],
    thanks: ['Çok güzel oldu, teşekkür ederim.', 'Ellerinize sağlık, sorun çözüldü.'],
  },
];

export const notes: readonly [string, ...string[]] = [
  'Rang the carrier, they look for it until tomorrow noon.',
  'Third broken shade this month from the same batch, told the warehouse.',
  'Good customer since 2021, please be generous.',
  'Müşteri telefonda da aradı, öncelik verelim.',
  'Depoya sordum, stokta iki tane kalmış.',
];

export const customers: readonly (readonly [name: string, email: string, locale: 'en' | 'tr'])[] = [
  ['Emma Clarke', 'emma.clarke@brightoffice.example', 'en'],
  ['Oliver Grant', 'oliver@brightoffice.example', 'en'],
  ['Hannah Weiss', 'hannah.weiss@atelier-weiss.example', 'en'],
  ['Lukas Brandt', 'lukas.brandt@atelier-weiss.example', 'en'],
  ['Sofia Rossi', 'sofia.rossi@mail.example', 'en'],
  ['James O’Neill', 'james.oneill@mail.example', 'en'],
  ['Grace Miller', 'grace.miller@mail.example', 'en'],
  ['Noah Bennett', 'noah.bennett@mail.example', 'en'],
  ['Chloé Martin', 'chloe.martin@mail.example', 'en'],
  ['Arthur Lindqvist', 'arthur@lindqvist.example', 'en'],
  ['Zeynep Aksoy', 'zeynep.aksoy@mavideniz.example', 'tr'],
  ['Emre Şahin', 'emre.sahin@mavideniz.example', 'tr'],
  ['Işıl Öztürk', 'isil.ozturk@posta.example', 'tr'],
  ['Mehmet Kılıç', 'mehmet.kilic@posta.example', 'tr'],
  ['Elif Yıldırım', 'elif.yildirim@posta.example', 'tr'],
  ['Burak Çetin', 'burak.cetin@posta.example', 'tr'],
  ['Ayşe Güneş', 'ayse.gunes@posta.example', 'tr'],
  ['Deniz Arslan', 'deniz.arslan@posta.example', 'tr'],
];

export const organizations = [
  { name: 'Bright Office Ltd', domains: ['brightoffice.example'] },
  { name: 'Atelier Weiss', domains: ['atelier-weiss.example'] },
  { name: 'Mavi Deniz Otelcilik', domains: ['mavideniz.example'] },
];

export const agents: readonly (readonly [name: string, email: string, locale: string])[] = [
  ['Can Demir', 'can@example.com', 'tr'],
  ['Selin Kaya', 'selin@example.com', 'tr'],
  ['Martin Hughes', 'martin@example.com', 'en'],
];

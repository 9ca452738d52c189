// What mail programs write around quoted text. Every pattern is anchored or bounded, so a line costs a fixed time.

/** A mail of which less would be seen is shown whole (mail.md R2). */
export const fewestVisible = 2;

/** How many characters of a text can be seen. */
export function visibleLength(text: string): number {
  return text.replace(/[\s\u200b-\u200f\ufeff]/g, '').length;
}

const openers =
  /^(?:on|le|am|el|em|il|op|den|på|dne|dnia|w dniu|vào|ngày|pada|den|la|în data|kl\.?|a(?:m)? \d|em|в|у|на|στις|tarihinde|στον|2\d{3}年|在|于|於)\s/iu;
const verbs =
  /(?<!\p{L})(?:wrote|writes|sent|said|schrieb|geschrieben|a écrit|écrit|escribi[óo]|escreveu|ha scritto|scritto|schreef|geschreven|skrev|skreiv|kirjoitti|napisa[łl](?:\(a\))?|napsal|napísal|píše|написал|пишет|написав|έγραψε|yazdı|írta|a scris|đã viết|menulis|写道|寫道)(?!\p{L})/iu;
const asianVerbs = /のメール|書きました|写道|寫道|님이 작성/u;
const dates =
  /(?:\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{4}[./-]\d{1,2}[./-]\d{1,2}\b|\b\d{1,2}[:.h]\d{2}\b|\b\d{1,2}\.?\s{1,3}(?:de\s)?\p{L}{3,10}\.?,?\s{1,3}(?:de\s)?\d{4}|\b\p{L}{3,10}\.?\s{1,3}\d{1,2},?\s{1,3}\d{4}|\d{4}年)/u;
const address = /[^\s<>"]{1,64}@[^\s<>"]{1,100}/;
const startsWithDate =
  /^(?:\d{1,2}:\d{2}(?:\s?[ap]m)?,\s|(?:\p{L}{2,10}\.?,?\s{1,3})?(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}\.?\s\p{L}{3,10}\.?,?\s\d{4}))/iu;
const clientSaid = /^-{2,10}\s?[^\n]{1,80}\s(?:wrote|schrieb|a écrit|skrev|escribió)\s?-{2,10}$/i;

/** True for a line that may begin an attribution of several lines. */
export function opensAttribution(line: string): boolean {
  return (
    openers.test(line) ||
    startsWithDate.test(line) ||
    (line.length < 300 && verbs.test(line) && /<[^\s<>@]{1,64}@[^\s<>]{1,100}>/.test(line))
  );
}

/** True when a date or a time of day stands in a text. */
export function isDated(text: string): boolean {
  return dates.test(text);
}

/** True for text such as `On 1 Feb 2026 at 10:00, Ada <ada@example.com> wrote:`, already joined to one line. */
export function isAttribution(text: string): boolean {
  const plain = text
    .replace(/[*_\u200e\u200f]/g, '')
    .replace(/\u00a0/g, ' ')
    .trim();
  if (plain.length < 8 || plain.length > 600) return false;
  if (clientSaid.test(plain)) return true;
  if (!/[:：]\s{0,3}[>"']{0,3}$/.test(plain))
    return openers.test(plain) && /(?:\bwrote|a écrit|schrieb)\s{0,3}$/i.test(plain) && dates.test(plain) && address.test(plain);
  const isDated = dates.test(plain);
  const isAddressed = address.test(plain);
  if (verbs.test(plain) || asianVerbs.test(plain)) return isDated || isAddressed;
  return isAddressed && isDated && startsWithDate.test(plain);
}

const labels: readonly (readonly [role: string, names: string])[] = [
  [
    'from',
    'from|de|von|van|da|od|fra|från|отправитель|от|от кого|lähettäjä|feladó|gönderen|kimden|expéditeur|remitente|remetente|afzender|odesílatel|από|từ|发件人|寄件者|寄件人|差出人|보낸 사람',
  ],
  [
    'date',
    'date|message du|sent|sent on|sent at|envoyé|envoyé le|gesendet|datum|datum und uhrzeit|verzonden|inviato|data|fecha|enviado|enviado el|enviada|enviado em|sendt|dato|skickat|wysłano|wysłane|lähetetty|päivämäärä|дата|отправлено|gönderildi|tarih|odesláno|elküldve|dátum|ngày|ημερομηνία|发送时间|日期|寄件日期|送信日時|日時|보낸 날짜',
  ],
  ['to', 'to|à|a|an|aan|para|til|till|do|kopia do|кому|vastaanottaja|kime|alıcı|címzett|komu|προς|đến|tới|收件人|收件者|宛先|받는 사람'],
  [
    'subject',
    'subject|sujet|objet|betreff|onderwerp|oggetto|asunto|assunto|emne|ämne|temat|тема|aihe|konu|tárgy|předmět|θέμα|chủ đề|tiêu đề|主题|主旨|件名|제목',
  ],
  [
    'other',
    'cc|copie|copie à|kopie|kopia|cópia|copia|bcc|reply-to|reply to|risposta|antwort an|répondre à|importance|priority|priorité|attachments|organization|organisation|抄送|副本',
  ],
];
const roles = new Map(labels.flatMap(([role, names]) => names.split('|').map((name) => [name, role] as const)));

/** The role of a header line in a quoted header block (`Von: …` is `from`), or undefined. */
export function headerRole(line: string): string | undefined {
  const match = /^\s{0,8}[*_]{0,2}(\p{L}[\p{L} '-]{0,22}?)\s{0,3}[*_]{0,2}\s{0,2}[:：][*_]{0,2}(?=\s|\S)/u.exec(
    line.slice(0, 80).replaceAll('\u00a0', ' '),
  );
  return match ? roles.get((match[1] ?? '').trim().toLowerCase()) : undefined;
}

const originalMessage =
  /^[\s*>_-]{0,20}(?:-{2,}|_{2,})\s{0,4}[*_]{0,2}(?:original(?:e)? (?:message|mail|e-?mail|appointment)|reply message|message d'origine|message original|message initial|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|original nachricht|ursprüngliche nachricht|originalnachricht|originalmeddelande|ursprungligt meddelande|oprindelig (?:meddelelse|besked|mail)|opprinnelig (?:melding|e-post)|alkuperäinen viesti|oryginalna wiadomość|wiadomość oryginalna|původní zpráva|исходное сообщение|пересылаемое сообщение|orijinal mesaj|eredeti üzenet|原始邮件|原始郵件|元のメッセージ|original)[*_]{0,2}\s{0,4}(?:-{2,}|_{2,})\s{0,4}$/iu;
const bareOriginal =
  /^\s{0,4}(?:-{3,}\s?)?(?:original message|message d'origine|ursprüngliche nachricht|oprindelig meddelelse)(?:\s?-{3,}|:)?\s{0,4}$/i;

/** True for the line that stands above a quoted original message. */
export function isOriginalMark(line: string): boolean {
  return line.length < 200 && (originalMessage.test(line) || (bareOriginal.test(line) && /-{3,}/.test(line)));
}

const forwarded =
  /^[\s>*]{0,10}(?:-{2,20}|_{2,20}|)\s{0,3}(?:begin forwarded message|forwarded message|forwarded by [^\n]{1,80}|début du message (?:réexpédié|transféré)|message transféré|message réexpédié|weitergeleitete nachricht|anfang der weitergeleiteten (?:nachricht|e-mail)|mensaje reenviado|inicio del mensaje reenviado|mensagem encaminhada|início da mensagem encaminhada|messaggio inoltrato|inizio messaggio inoltrato|doorgestuurd bericht|begin doorgestuurd bericht|vidarebefordrat (?:meddelande|brev)|videresendt (?:meddelelse|melding|besked)|välitetty viesti|przekazana wiadomość|wiadomość przekazana|пересылаемое сообщение|переслан[^\n]{1,20}|přeposlaná zpráva|转发的邮件|轉寄的郵件|転送されたメッセージ)\s{0,3}[:：]?\s{0,3}(?:-{2,20}|_{2,20}|)\s{0,4}:?$/iu;

/** True for the line that stands above a forwarded message, which is content and not a quote. */
export function isForwardMark(line: string): boolean {
  return (
    line.length < 160 &&
    forwarded.test(line) &&
    (/[-_]{2}/.test(line) || /(?:begin|début|anfang|inicio|início|inizio|message:?$)/i.test(line))
  );
}

/** True for a line of underscores or dashes only, as Outlook and list servers draw them. */
export function isRule(line: string): boolean {
  return /^\s{0,8}(?:_{10,}|-{20,}|={4,})\s{0,8}$/.test(line.slice(0, 300));
}

const devices =
  /^[\s*_~-]{0,6}(?:(?:sent|sendt|skickat|verzonden|verstuurd|wysłane|wysłano|envoyé|enviado|enviada|inviato|gesendet|lähetetty|отправлено|odesláno|送信元)\s(?:from|via|with|fra|från|van|vanaf|met|z|ze|depuis|de|du|à partir|desde|do|dal?|da|von|mit|через|с|iz|using|by)\s[^\n]{2,90}|get outlook for [^\n]{2,60}|(?:von|mit) meine[mr] [^\n]{2,60} gesendet|diese nachricht wurde von mein[^\n]{2,80}|télécharge[rz] outlook pour[^\n]{2,60}|obtener outlook para[^\n]{2,60}|outlook für \S+ beziehen[^\n]{0,60}|hol dir outlook[^\n]{2,60}|from my (?:iphone|ipad|android|mobile)[^\n]{0,40}|[^\n]{1,30} from mobile|iphone(?:から|より)送信|发自我的[^\n]{1,40}|從我的[^\n]{1,30}傳送|送信済み[^\n]{1,30})\s*$/iu;
const knownDevice =
  /iphone|ipad|ipod|android|mobile|mobil|phone|téléphone|portable|blackberry|samsung|huawei|galaxy|nexus|pixel|nokia|windows|outlook|mail\b|gmail|yahoo|handheld|tablet|wireless|verizon|at&t|t-mobile|airmail|sparrow|mailbox|smartphone|cell|watch|device|appareil|gerät|telefon|handy|acer|asus|htc|lg |sony|xperia|kindle|proton|spark|web|droid|https?:|mac\b|laptop|zoho|tutanota|front\b/i;

/** True for a footer that a mail program adds by itself, such as `Sent from my phone`. */
export function isDeviceFooter(line: string): boolean {
  if (line.length > 160 || !devices.test(line)) return false;
  return (
    (knownDevice.test(line) && !/[.,;]\s+\S+\s+\S/.test(line.replace(/https?:\S+/g, ''))) ||
    /^\s{0,3}sent from my(?:\s[^\s.,;]{1,20}){1,5}\s*$/i.test(line)
  );
}

/** True for the line that divides a signature from the text (RFC 3676 section 4.3), also with its space lost. */
export function isSignatureMark(line: string): boolean {
  return /^[\s\u00a0]{0,3}(?:--|—|––|-- )[\s\u00a0]{0,3}$/.test(line) || /^_{2}\s{0,2}$/.test(line);
}

"""What residents find in their self-survey, why it is so down to the root, and what they decide to do about it."""

from dataclasses import dataclass

CARELESS = "Warga belum bersepakat merawat milik bersama"
UNHEARD = "Keputusan diambil tanpa musyawarah warga"
DISTRUST = "Warga tidak percaya lagi bahwa suaranya didengar"
HELPLESS = "Warga terbiasa menunggu bantuan dari luar"


@dataclass(frozen=True, slots=True)
class Need:
    """A problem, its causes from the nearest to the root, and the work that answers it (costs in rupiah a unit)."""

    problem: str
    dimension: str
    causes: tuple[str, str, str]
    work: str
    unit: str
    unit_cost: int
    least: int
    most: int


NEEDS = (
    Need("Gang tergenang setiap hujan deras", "environment",
         ("Air tidak cepat mengalir", "Saluran tersumbat sampah dan endapan", CARELESS),
         "Saluran drainase", "m", 450_000, 40, 180),
    Need("Jalan lingkungan rusak dan licin", "environment",
         ("Perkerasan pecah dan berlubang", "Dibangun tanpa saluran tepi", UNHEARD),
         "Perkerasan jalan lingkungan", "m2", 165_000, 120, 600),
    Need("MCK umum tidak layak pakai", "environment",
         ("Tangki rembes dan pintu rusak", "Tidak ada iuran perawatan", CARELESS),
         "Perbaikan MCK umum", "unit", 38_500_000, 1, 2),
    Need("Rumah keluarga miskin tidak layak huni", "environment",
         ("Atap bocor dan lantai tanah", "Penghasilan habis untuk makan", HELPLESS),
         "Perbaikan rumah tidak layak huni", "rumah", 20_000_000, 2, 5),
    Need("Sampah menumpuk di tepi sungai", "environment",
         ("Gerobak sampah tidak masuk gang", "Tidak ada tempat memilah di RW", CARELESS),
         "Tempat pilah sampah RW", "unit", 13_750_000, 1, 3),
    Need("Tebing sungai di belakang rumah longsor", "environment",
         ("Tebing belum ditalud", "Usulan ke kota tidak pernah dijawab", DISTRUST),
         "Talud penahan tebing", "m", 1_250_000, 20, 70),
    Need("Sumur berbau pada musim kemarau", "environment",
         ("Jarak sumur dan tangki terlalu dekat", "Tidak ada air perpipaan di gang", UNHEARD),
         "Sumur resapan bersama", "unit", 3_200_000, 4, 15),
    Need("Balita kurang gizi", "social",
         ("Makanan balita kurang beragam", "Ibu jarang ke posyandu", DISTRUST),
         "Makanan tambahan dan kelas ibu", "paket", 600_000, 12, 40),
    Need("Anak putus sekolah", "social",
         ("Anak ikut bekerja", "Biaya seragam dan ongkos tidak terjangkau", HELPLESS),
         "Beasiswa anak keluarga miskin", "anak", 1_500_000, 8, 25),
    Need("Lansia sebatang kara tidak terawat", "social",
         ("Tidak ada yang menjenguk", "Tetangga tidak tahu siapa yang sendirian", CARELESS),
         "Kunjungan dan pangan lansia", "orang", 1_200_000, 6, 20),
    Need("Warga miskin jarang hadir dalam rembug", "social",
         ("Undangan hanya lewat pengurus RT", "Rembug diadakan pada jam kerja", UNHEARD),
         "Sekolah warga dan rembug RT", "kali", 850_000, 6, 18),
    Need("Banyak pemuda menganggur", "economic",
         ("Tidak punya keterampilan yang dicari", "Pelatihan selalu di luar kelurahan", HELPLESS),
         "Pelatihan keterampilan pemuda", "orang", 2_400_000, 8, 20),
    Need("Pedagang kecil terjerat rentenir", "economic",
         ("Modal harian dipinjam berbunga tinggi", "Tidak punya agunan untuk bank", DISTRUST),
         "Pembukuan usaha dan modal KSM", "KSM", 15_000_000, 1, 4),
    Need("Hasil kerajinan sulit dijual", "economic",
         ("Dijual sendiri-sendiri", "Tidak ada lapak bersama", UNHEARD),
         "Lapak bersama pengrajin", "unit", 8_500_000, 1, 3),
)  # fmt: skip

POOR_NOT_COUNTED = ("not_recorded", "list_lost", "no_poverty_list")


def funded(total: int, *, dimension: str, share: float, channeled: bool) -> dict[str, int]:
    """Split a cost over its sources in whole thousands; residents' own part grows with `share` (0 to 1)."""
    own = round(total * (0.1 + 0.25 * share), -3)
    partner = round(total * 0.4, -3) if channeled else 0
    budget = round(total * 0.15, -3) if dimension == "environment" and share > 0.5 else 0
    parts = {"swadaya": int(own), "channeling": int(partner), "apbd_kabkota": int(budget)}
    return {name: part for name, part in parts.items() if part} | {"blm": total - sum(parts.values())}
